INSERT INTO products (vendor_id, sku, name, description, price_cents, currency, stock,
                      gtin, brand, image_url, is_active, created_at, updated_at)
SELECT v.id, $2, $3, $4, $5, v.currency, $6, NULLIF($7, ''), $8, $9, $10, $11, $11
  FROM vendors v
 WHERE v.id = $1
RETURNING id, vendor_id, sku, name, description, price_cents, currency, stock, gtin, brand, image_url, is_active, revision, created_at, updated_at
