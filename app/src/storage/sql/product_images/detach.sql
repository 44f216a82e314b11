WITH detached AS (
    DELETE FROM product_images
     WHERE vendor_id = $1 AND product_id = $2 AND upload_id = $3
    RETURNING product_id
)
-- What shows the product must notice.
UPDATE products
   SET revision = revision + 1, updated_at = $4
  FROM detached
 WHERE products.id = detached.product_id AND products.vendor_id = $1
