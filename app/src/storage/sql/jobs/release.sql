-- A worker that stops gives back what it could not finish; the attempt does
-- not count, the job has done nothing wrong.
WITH released AS (
    UPDATE jobs
    SET state = CASE WHEN cancel_requested_at IS NULL THEN 'queued' ELSE 'dead' END,
        finished_at = CASE WHEN cancel_requested_at IS NOT NULL THEN $2::timestamptz END,
        last_error = CASE WHEN cancel_requested_at IS NULL THEN last_error ELSE 'cancelled' END,
        run_at = $2, attempt = attempt - 1, lease_until = NULL, worker_id = NULL
    WHERE worker_id = $1 AND state = 'running'
    RETURNING queue
), queues AS (
    SELECT queue, count(*) AS jobs FROM released GROUP BY queue
)
SELECT COALESCE(sum(jobs), 0)::bigint AS released, count(pg_notify('wizamart_jobs', queue)) AS woken FROM queues
