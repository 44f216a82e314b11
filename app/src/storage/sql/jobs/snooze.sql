-- Back to the queue at $4 as if this attempt had not been.
UPDATE jobs
SET state = 'queued', run_at = $4, attempt = attempt - 1, lease_until = NULL, worker_id = NULL
WHERE id = $1 AND worker_id = $2 AND attempt = $3 AND state = 'running'
