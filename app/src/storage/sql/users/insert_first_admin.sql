-- The first administrator, and only the first.
INSERT INTO users (id, email, password_hash, role, created_at, updated_at)
SELECT $1, $2, $3, 'admin', $4, $4
WHERE NOT EXISTS (SELECT 1 FROM users WHERE role = 'admin')
ON CONFLICT (lower(email)) DO NOTHING
RETURNING id
