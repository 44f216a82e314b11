SELECT id, vendor_id, key, file_name, content_type, size_bytes, sha256, store, thumbnails, created_at
  FROM uploads
 WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id < $2)
 ORDER BY id DESC
 LIMIT $3
