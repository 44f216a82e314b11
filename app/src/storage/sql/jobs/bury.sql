UPDATE jobs
SET state = 'dead', finished_at = $4, last_error = $5, lease_until = NULL, worker_id = NULL
WHERE id = $1 AND worker_id = $2 AND attempt = $3 AND state = 'running'
