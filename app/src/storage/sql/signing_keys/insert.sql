INSERT INTO signing_keys (id, secret, created_at, ends_at) VALUES ($1, $2, $3, $4)
