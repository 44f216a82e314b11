SELECT id, totp_secret AS bytes FROM users WHERE totp_secret IS NOT NULL AND id > $1 ORDER BY id LIMIT $2
