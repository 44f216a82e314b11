SELECT * FROM imports
WHERE vendor_id = $1 AND ($2::text IS NULL OR kind = $2)
ORDER BY created_at DESC, id DESC
LIMIT $3
