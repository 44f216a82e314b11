-- The holder has died. Its attempt counts, and the job waits as after any
-- failure, so that one that kills its worker does not do so in a loop, and a
-- little longer by chance, so that those that died together part.
WITH expired AS (
    SELECT id FROM jobs
    WHERE state = 'running' AND lease_until < $1
    ORDER BY lease_until
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET state = CASE WHEN attempt >= max_attempts OR cancel_requested_at IS NOT NULL THEN 'dead' ELSE 'queued' END,
    finished_at = CASE WHEN attempt >= max_attempts OR cancel_requested_at IS NOT NULL THEN $1::timestamptz END,
    run_at = $1 + make_interval(secs => power(attempt, 4) * (1 + random() / 10)),
    last_error = 'the worker stopped without finishing this job (lease expired)',
    errors = CASE WHEN jsonb_array_length(errors) < 10 THEN errors ELSE errors - 0 END
        || jsonb_build_array(jsonb_build_object(
            'attempt', attempt, 'at', $1::timestamptz, 'error', 'lease expired')),
    lease_until = NULL,
    worker_id = NULL
FROM expired
WHERE jobs.id = expired.id
RETURNING jobs.id, jobs.kind, jobs.queue, jobs.attempt, jobs.state
