DELETE FROM vendor_flags WHERE flag_name = $1 AND vendor_id = $2
