-- The code owns a built-in entry; its next run survives unless the schedule
-- has changed. Whether it is enabled is the operator's.
INSERT INTO cron (name, schedule, queue, kind, args, next_run_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE
SET queue = excluded.queue, kind = excluded.kind, args = excluded.args,
    schedule = excluded.schedule,
    next_run_at = CASE WHEN cron.schedule = excluded.schedule
                       THEN cron.next_run_at ELSE excluded.next_run_at END
