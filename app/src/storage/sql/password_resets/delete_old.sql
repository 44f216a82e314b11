DELETE FROM password_resets WHERE token_hash IN (
    SELECT token_hash FROM password_resets WHERE expires_at < $1 LIMIT $2)
