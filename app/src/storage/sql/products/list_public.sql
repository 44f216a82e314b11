-- The array is read once, from an index that is nearly always empty; for the
-- CASE see stretches_named.sql.
SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at, p.revision
  FROM products p
 WHERE p.is_active AND p.id > $1
   AND CASE WHEN p.vendor_id = ANY (ARRAY(SELECT v.id FROM vendors v WHERE NOT v.is_active)) THEN false ELSE true END
 ORDER BY p.id
 LIMIT $2
