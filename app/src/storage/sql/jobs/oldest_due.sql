-- For each queue: when its oldest due job became due, and whether anything
-- of it was started since $3. A paused queue has none: it waits on purpose.
-- Each is one probe of an index.
SELECT wanted.queue,
       (SELECT min(run_at) FROM jobs
         WHERE jobs.queue = wanted.queue AND state = 'queued' AND run_at <= $2
           AND NOT EXISTS (SELECT 1 FROM queue_pauses WHERE queue_pauses.queue = wanted.queue)) AS oldest_due_at,
       EXISTS (SELECT 1 FROM workers
         WHERE wanted.queue = ANY(workers.queues) AND heartbeat_at > $3) AS has_worker,
       EXISTS (SELECT 1 FROM jobs
         WHERE jobs.queue = wanted.queue AND state = 'running') AS has_running
FROM unnest($1::text[]) AS wanted(queue)
