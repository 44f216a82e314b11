-- The first one is the administrator; all work for the shop that is measured.
INSERT INTO users (id, email, password_hash, role, name, vendor_id, created_at, updated_at)
SELECT gen_random_uuid(), 'user' || n || '@example.test', $1, CASE n WHEN 1 THEN 'admin' ELSE 'staff' END,
       'User ' || n, 1, $2, $2
FROM generate_series(1, 100) AS n
