-- Puts the pieces of a cancelled order back, locking products by their
-- numbers as orders do.
WITH pieces AS MATERIALIZED (
    SELECT p.id, i.quantity
      FROM (SELECT product_id, sum(quantity)::integer AS quantity FROM order_items
             WHERE vendor_id = $1 AND order_id = $2 GROUP BY product_id) i
      JOIN products p ON p.id = i.product_id AND p.vendor_id = $1
     ORDER BY p.id
       FOR NO KEY UPDATE OF p
)
UPDATE products p
   SET stock = p.stock + x.quantity, revision = p.revision + 1, updated_at = $3
  FROM pieces x
 WHERE p.id = x.id AND p.vendor_id = $1
