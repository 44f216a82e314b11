-- The rows whose article number the feed had not had before.
INSERT INTO import_skus (import_id, sku, row_number)
SELECT $1, f.sku, f.row_number
FROM unnest($2::text[], $3::bigint[]) AS f (sku, row_number)
ORDER BY f.row_number
ON CONFLICT DO NOTHING
RETURNING row_number
