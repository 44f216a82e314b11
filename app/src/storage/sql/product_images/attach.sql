WITH attached AS (
    INSERT INTO product_images (product_id, upload_id, vendor_id, position, alt)
    SELECT products.id, uploads.id, products.vendor_id,
           -- Behind the others when no place is named.
           coalesce($4, (SELECT least(max(position) + 1, 32767)::smallint FROM product_images
                          WHERE product_id = $2 AND vendor_id = $1), 0), $5
      FROM products
      JOIN uploads ON uploads.vendor_id = products.vendor_id
     WHERE products.vendor_id = $1 AND products.id = $2 AND uploads.id = $3
    ON CONFLICT (product_id, upload_id) DO UPDATE SET position = EXCLUDED.position, alt = EXCLUDED.alt
    RETURNING product_id
)
-- What shows the product must notice.
UPDATE products
   SET revision = revision + 1, updated_at = $6
  FROM attached
 WHERE products.id = attached.product_id AND products.vendor_id = $1
