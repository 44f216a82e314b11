-- No row comes back when one of that kind waits or runs already.
INSERT INTO imports (id, vendor_id, kind, source_url, requested_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (vendor_id, kind) WHERE state IN ('queued', 'running') DO NOTHING
RETURNING *
