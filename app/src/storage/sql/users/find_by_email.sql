SELECT id, email, password_hash, role, is_active, name, vendor_id FROM users WHERE lower(email) = lower($1)
