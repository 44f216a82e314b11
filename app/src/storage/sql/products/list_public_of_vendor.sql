SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at, p.revision
  FROM products p JOIN vendors v ON v.id = p.vendor_id
 WHERE p.is_active AND p.id > $1 AND p.vendor_id = $3 AND v.is_active
 ORDER BY p.id
 LIMIT $2
