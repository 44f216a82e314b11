UPDATE users SET sessions_valid_from = $2 WHERE id = $1
