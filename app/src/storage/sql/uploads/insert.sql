INSERT INTO uploads (id, vendor_id, key, file_name, content_type, size_bytes, sha256, store, uploaded_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id, vendor_id, key, file_name, content_type, size_bytes, sha256, store, thumbnails, created_at
