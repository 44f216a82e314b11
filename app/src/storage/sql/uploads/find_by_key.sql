-- Of whatever vendor: the name is a secret, and shoppers have no vendor. It is
-- the file's own, or that of a small version with its size at the end.
SELECT id, vendor_id, key, file_name, content_type, size_bytes, sha256, store, thumbnails, created_at,
       EXISTS (
           SELECT FROM product_images
             JOIN products ON products.id = product_images.product_id AND products.is_active
            WHERE product_images.upload_id = uploads.id
       ) AS is_public
  FROM uploads
 WHERE key IN ($1, regexp_replace($1, '-[0-9]+$', ''))
