SELECT p.id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at, v.name AS vendor
  FROM products p JOIN vendors v ON v.id = p.vendor_id
 ORDER BY p.id DESC
 LIMIT $1
