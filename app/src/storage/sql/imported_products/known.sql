SELECT sku FROM products WHERE vendor_id = $1 AND sku = ANY($2)
