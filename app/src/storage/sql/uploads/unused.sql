-- Of all vendors: a job of the box asks.
SELECT vendor_id, id
  FROM uploads
 WHERE created_at < $1 AND content_type IN ('image/jpeg', 'image/png', 'image/gif', 'image/webp')
   AND NOT EXISTS (SELECT FROM product_images WHERE product_images.upload_id = uploads.id)
 ORDER BY created_at
 LIMIT $2
