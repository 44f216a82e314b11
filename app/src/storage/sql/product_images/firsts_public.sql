-- Of whatever vendor: shoppers have none. Pictures that have no small versions
-- yet are not shown to them.
SELECT DISTINCT ON (i.product_id) i.product_id, i.upload_id, i.alt, u.key, u.thumbnails, u.width, u.height
  FROM product_images i JOIN uploads u ON u.id = i.upload_id
       JOIN products p ON p.id = i.product_id AND p.is_active
 WHERE i.product_id = ANY($1) AND u.thumbnails <> '{}'
 ORDER BY i.product_id, i.position, i.upload_id
