SELECT id, totp_sealed AS bytes FROM users WHERE totp_sealed IS NOT NULL AND id > $1 ORDER BY id LIMIT $2
