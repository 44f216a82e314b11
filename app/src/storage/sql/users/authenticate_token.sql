-- Two rows by their primary keys. Asked with every request that has a token.
SELECT u.id, u.email, u.role, u.vendor_id FROM users u
WHERE u.id = $1 AND u.is_active AND u.sessions_valid_from <= $2
  AND EXISTS (SELECT FROM refresh_families f WHERE f.id = $3 AND f.user_id = u.id AND f.revoked_at IS NULL)
