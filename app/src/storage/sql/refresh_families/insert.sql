INSERT INTO refresh_families (id, user_id, token_hash, user_agent, address, created_at, used_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
