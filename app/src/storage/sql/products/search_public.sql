-- Best matches first. Ranks do not make a key to go on from, so $1 is how
-- many to pass over.
SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at, p.revision
  FROM products p JOIN vendors v ON v.id = p.vendor_id,
       websearch_to_tsquery('simple', $4) AS wanted
 WHERE p.is_active AND v.is_active AND p.search @@ wanted AND ($3::bigint IS NULL OR p.vendor_id = $3)
 ORDER BY ts_rank(p.search, wanted) DESC, p.id
OFFSET $1
 LIMIT $2
