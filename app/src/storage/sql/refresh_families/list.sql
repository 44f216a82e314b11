SELECT id, user_agent, address, created_at, used_at, expires_at FROM refresh_families
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
ORDER BY created_at DESC LIMIT 200
