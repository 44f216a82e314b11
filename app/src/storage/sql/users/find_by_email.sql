SELECT id, email, password_hash, role, is_active, name, vendor_id, totp_confirmed_at IS NOT NULL AS second_factor
FROM users WHERE lower(email) = lower($1)
