SELECT id, vendor_id, sku, name, description, price_cents, currency, stock, gtin, brand, image_url, is_active, revision, created_at, updated_at
  FROM products
 WHERE vendor_id = $1 AND id > $2
   AND ($3::boolean IS NULL OR is_active = $3)
   AND ($4::text IS NULL OR search @@ websearch_to_tsquery('simple', $4))
 ORDER BY id
 LIMIT $5
