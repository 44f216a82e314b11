DELETE FROM uploads
 WHERE vendor_id = $1 AND id = $2
RETURNING id, vendor_id, key, file_name, content_type, size_bytes, sha256, store, thumbnails, created_at
