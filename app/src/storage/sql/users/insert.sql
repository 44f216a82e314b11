INSERT INTO users (id, email, name, password_hash, role, vendor_id, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (lower(email)) DO NOTHING
