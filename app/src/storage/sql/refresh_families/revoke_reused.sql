-- Ends the login that a spent token belongs to.
UPDATE refresh_families f SET revoked_at = coalesce(f.revoked_at, $2)
FROM refresh_spent s, users u
WHERE s.token_hash = $1 AND f.id = s.family_id AND u.id = f.user_id
RETURNING f.id, f.user_id, u.email, u.vendor_id
