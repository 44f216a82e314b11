DELETE FROM products
 WHERE vendor_id = $1 AND id = $2 AND ($3::integer IS NULL OR revision = $3)
