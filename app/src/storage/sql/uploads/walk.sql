SELECT id, vendor_id, key, file_name, content_type, size_bytes, sha256, store, thumbnails, created_at
  FROM uploads
 WHERE id > $2 AND ($1::text IS NULL OR store = $1)
 ORDER BY id
 LIMIT $3
