-- Also for a run that goes on where another one was cut off.
UPDATE imports SET state = 'running', started_at = coalesce(started_at, $3), error = NULL
WHERE vendor_id = $1 AND id = $2 AND state IN ('queued', 'running')
RETURNING *
