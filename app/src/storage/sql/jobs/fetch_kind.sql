-- Takes up to $5 due jobs of kind $6 of one queue for worker $2 until $4, also
-- while the queue is paused: this is asked for the self-test alone. A statement
-- of its own, because the usual one must not pay for it.
WITH next AS (
    SELECT id FROM jobs
    WHERE queue = $1 AND state = 'queued' AND run_at <= $3 AND kind = $6
    ORDER BY priority DESC, run_at, id
    LIMIT $5
    FOR UPDATE SKIP LOCKED
)
UPDATE jobs
SET state = 'running',
    attempt = attempt + 1,
    worker_id = $2,
    lease_until = $4,
    started_at = $3,
    unique_key = CASE WHEN unique_until IS NULL THEN NULL ELSE unique_key END
WHERE jobs.id = ANY (ARRAY(SELECT id FROM next))
RETURNING jobs.*
