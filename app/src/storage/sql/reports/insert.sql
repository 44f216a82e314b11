INSERT INTO reports (id, vendor_id, kind, format, from_date, to_date, requested_by, created_at)
VALUES ($1, $2, 'sales', $3, $4, $5, $6, $7)
RETURNING *
