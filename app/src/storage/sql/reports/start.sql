UPDATE reports SET state = 'running', error = NULL
WHERE vendor_id = $1 AND id = $2 AND state IN ('queued', 'running')
RETURNING *
