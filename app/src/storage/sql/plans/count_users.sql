SELECT count(*) FROM users WHERE vendor_id = $1 AND is_active
