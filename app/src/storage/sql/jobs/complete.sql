-- Only the holder of the lease may finish a job.
UPDATE jobs
SET state = 'done', finished_at = $4, lease_until = NULL, worker_id = NULL, last_error = NULL
WHERE id = $1 AND worker_id = $2 AND attempt = $3 AND state = 'running'
