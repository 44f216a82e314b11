-- Exchanges a token for the next one of its login, and remembers the old one.
-- Two exchanges of one token meet at the row; the second finds it changed.
WITH rotated AS (
    UPDATE refresh_families f
    SET token_hash = $2, generation = generation + 1, used_at = $3, expires_at = $4, user_agent = $5, address = $6
    FROM users u
    WHERE f.token_hash = $1 AND f.revoked_at IS NULL AND f.expires_at > $3
      AND u.id = f.user_id AND u.is_active AND u.sessions_valid_from <= f.created_at
    RETURNING f.id, f.user_id
), spent AS (
    INSERT INTO refresh_spent (token_hash, family_id, spent_at) SELECT $1, id, $3 FROM rotated
)
SELECT id, user_id FROM rotated
