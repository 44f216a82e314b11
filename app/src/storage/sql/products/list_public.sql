-- The array is read once, from an index that is nearly always empty.
SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at, p.revision
  FROM products p
 WHERE p.is_active AND p.id > $1
   AND p.vendor_id <> ALL (ARRAY(SELECT v.id FROM vendors v WHERE NOT v.is_active))
 ORDER BY p.id
 LIMIT $2
