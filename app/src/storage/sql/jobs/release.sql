-- A worker that stops gives back what it could not finish; the attempt does
-- not count, the job has done nothing wrong.
WITH released AS (
    UPDATE jobs
    SET state = 'queued', run_at = $2, attempt = attempt - 1, lease_until = NULL, worker_id = NULL
    WHERE worker_id = $1 AND state = 'running'
    RETURNING queue
)
SELECT count(*) AS released, count(pg_notify('wizamart_jobs', queue)) AS woken FROM released
