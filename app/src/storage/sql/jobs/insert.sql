-- Adds a job and wakes the workers of its queue when the caller commits. No
-- row comes back when another job holds the unique key.
WITH inserted AS (
    INSERT INTO jobs (id, queue, kind, args, priority, run_at, max_attempts,
                      unique_key, unique_until, created_at, vendor_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO NOTHING
    RETURNING *
)
SELECT inserted.*, CASE WHEN run_at <= $10 THEN pg_notify('wizamart_jobs', queue) END AS woken
FROM inserted
