-- Asked with every request that has a session's cookie.
SELECT id, email, role, vendor_id FROM users WHERE id = $1 AND is_active AND sessions_valid_from <= $2
