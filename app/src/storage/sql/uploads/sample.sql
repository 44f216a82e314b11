SELECT id, vendor_id, key, file_name, content_type, size_bytes, sha256, store, thumbnails, created_at
  FROM uploads
 ORDER BY random()
 LIMIT $1
