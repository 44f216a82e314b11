-- Takes up to $5 due jobs of one queue for worker $2 until $4, best first;
-- none while the queue is paused. Workers pass over each other's rows instead
-- of waiting for them. The array keeps the plan on the key, however many rows
-- the planner expects.
WITH next AS (
    SELECT id FROM jobs
    WHERE queue = $1 AND state = 'queued' AND run_at <= $3
      AND NOT EXISTS (SELECT 1 FROM queue_pauses WHERE queue_pauses.queue = $1)
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
    -- "Unique while queued" ends here: what is enqueued from now on may
    -- concern data this run has already read.
    unique_key = CASE WHEN unique_until IS NULL THEN NULL ELSE unique_key END
WHERE jobs.id = ANY (ARRAY(SELECT id FROM next))
RETURNING jobs.*
