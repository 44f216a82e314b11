-- By address, whatever its capital letters. What the marketplace leaves empty
-- is kept.
INSERT INTO customers AS c (vendor_id, email, name, address, country, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (vendor_id, lower(email)) DO UPDATE SET
    name = coalesce(nullif(EXCLUDED.name, ''), c.name),
    address = coalesce(nullif(EXCLUDED.address, ''), c.address),
    country = coalesce(nullif(EXCLUDED.country, ''), c.country),
    updated_at = EXCLUDED.updated_at
RETURNING id
