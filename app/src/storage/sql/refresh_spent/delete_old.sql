DELETE FROM refresh_spent WHERE token_hash IN (
    SELECT token_hash FROM refresh_spent WHERE spent_at < $1 LIMIT $2)
