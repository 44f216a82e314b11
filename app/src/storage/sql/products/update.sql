UPDATE products
   SET sku = COALESCE($4, sku), name = COALESCE($5, name), description = COALESCE($6, description),
       price_cents = COALESCE($7, price_cents), stock = COALESCE($8, stock),
       gtin = CASE WHEN $9::text IS NULL THEN gtin ELSE NULLIF($9, '') END,
       brand = COALESCE($10, brand), image_url = COALESCE($11, image_url),
       is_active = COALESCE($12, is_active), revision = revision + 1, updated_at = $13
 WHERE vendor_id = $1 AND id = $2 AND ($3::integer IS NULL OR revision = $3)
RETURNING id, vendor_id, sku, name, description, price_cents, currency, stock, gtin, brand, image_url, is_active, revision, created_at, updated_at
