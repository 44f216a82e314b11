-- A new password ends what was opened with the old one, and open links.
WITH links AS (
    UPDATE password_resets SET used_at = $3 WHERE user_id = $1 AND used_at IS NULL
)
UPDATE users SET password_hash = $2, sessions_valid_from = date_trunc('second', $3::timestamptz), updated_at = $3
WHERE id = $1
