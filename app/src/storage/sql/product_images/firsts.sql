SELECT DISTINCT ON (i.product_id) i.product_id, i.upload_id, i.alt, u.key, u.thumbnails, u.width, u.height
  FROM product_images i JOIN uploads u ON u.id = i.upload_id
 WHERE i.vendor_id = $1 AND i.product_id = ANY($2)
 ORDER BY i.product_id, i.position, i.upload_id
