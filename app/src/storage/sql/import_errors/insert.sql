-- As many as still fit under the limit ($6).
INSERT INTO import_errors (import_id, row_number, field, value, detail)
SELECT $1, f.row_number, f.field, f.value, f.detail
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) AS f (row_number, field, value, detail)
ORDER BY f.row_number
LIMIT greatest(0, $6 - (SELECT count(*) FROM import_errors WHERE import_id = $1))
ON CONFLICT DO NOTHING
