INSERT INTO users (id, email, password_hash, role, name, vendor_id, created_at, updated_at)
SELECT gen_random_uuid(), 'owner@' || v.slug || '.example', $2, 'owner', 'Owner of ' || v.name, v.id, $3, $3
FROM vendors v WHERE v.id = ANY($1)
