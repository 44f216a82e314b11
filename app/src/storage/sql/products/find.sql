SELECT id, vendor_id, sku, name, description, price_cents, currency, stock, gtin, brand, image_url, is_active, revision, created_at, updated_at
  FROM products
 WHERE vendor_id = $1 AND id = $2
