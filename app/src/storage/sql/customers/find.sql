SELECT id, vendor_id, email, name, address, country, created_at, updated_at FROM customers WHERE vendor_id = $1 AND id = $2
