-- Adds a job. No row comes back when another job holds the unique key. When a
-- worker of its queue sleeps, the queue is not paused, and the job is due
-- within that sleep, the commit wakes it; workers that are awake look for
-- themselves.
WITH inserted AS (
    INSERT INTO jobs (id, queue, kind, args, priority, run_at, max_attempts,
                      unique_key, unique_until, created_at, vendor_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO NOTHING
    RETURNING *
)
SELECT inserted.*,
       CASE WHEN run_at <= $10 + interval '10 seconds'
             AND EXISTS (SELECT 1 FROM queue_sleepers
                          WHERE inserted.queue = ANY (queue_sleepers.queues) AND queue_sleepers.until > $10)
             AND NOT EXISTS (SELECT 1 FROM queue_pauses WHERE queue_pauses.queue = inserted.queue)
            THEN pg_notify('wizamart_jobs', queue) END AS woken
FROM inserted
