-- Jobs that have waited since before $2 behind better ones come one step
-- nearer to those, so that a stream of urgent jobs cannot hold them up for
-- ever.
UPDATE jobs SET priority = priority + 1
WHERE id = ANY (ARRAY(
    SELECT id FROM jobs
    WHERE queue = $1 AND state = 'queued' AND run_at < $2
      AND priority < (SELECT max(best.priority) FROM jobs AS best
                       WHERE best.queue = $1 AND best.state = 'queued' AND best.run_at <= $3)
    ORDER BY run_at
    LIMIT 100
    FOR UPDATE SKIP LOCKED
))
