-- In the order in which orders lock them, so that neither waits for the other
-- in a circle.
SELECT id FROM products WHERE vendor_id = $1 AND sku = ANY($2) ORDER BY id FOR NO KEY UPDATE
