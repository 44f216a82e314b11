INSERT INTO customers (vendor_id, email, name, address, country, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
RETURNING id, vendor_id, email, name, address, country, created_at, updated_at
