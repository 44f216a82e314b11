-- A token works once, and with it end the others of its account.
WITH good AS (
    UPDATE password_resets r SET used_at = $2 FROM users u
    WHERE r.token_hash = $1 AND r.used_at IS NULL AND r.expires_at > $2 AND u.id = r.user_id AND u.is_active
    RETURNING u.id, u.email, u.role, u.vendor_id
), others AS (
    UPDATE password_resets r SET used_at = $2 FROM good
    WHERE r.user_id = good.id AND r.used_at IS NULL AND r.token_hash <> $1
)
SELECT id, email, role, vendor_id FROM good
