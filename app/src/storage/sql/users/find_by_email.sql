SELECT id, email, password_hash, role, is_active FROM users WHERE lower(email) = lower($1)
