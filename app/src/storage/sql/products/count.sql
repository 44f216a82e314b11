SELECT count(*) FROM products WHERE vendor_id = $1
