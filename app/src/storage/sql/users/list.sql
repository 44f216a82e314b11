SELECT u.id, u.email, u.name, u.role, u.vendor_id, u.is_active, u.created_at, u.last_login_at,
       u.totp_confirmed_at IS NOT NULL AS second_factor, 0::bigint AS recovery_codes
FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2
