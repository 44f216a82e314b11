INSERT INTO vendor_flags (flag_name, vendor_id, enabled) VALUES ($1, $2, $3)
ON CONFLICT (vendor_id, flag_name) DO UPDATE SET enabled = $3
