UPDATE reports SET state = $3, file_key = $4, size_bytes = $5, error = $6, finished_at = $7, store = $8, sha256 = $9
WHERE vendor_id = $1 AND id = $2
