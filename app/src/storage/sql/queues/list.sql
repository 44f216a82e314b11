-- How each queue stands. Finished jobs are counted over the last minute of
-- samples by others; here is only what is open, from its partial indexes.
SELECT wanted.queue,
       (SELECT count(*) FROM jobs WHERE jobs.queue = wanted.queue AND state = 'queued' AND run_at <= $2) AS due,
       (SELECT count(*) FROM jobs WHERE jobs.queue = wanted.queue AND state = 'queued' AND run_at > $2) AS scheduled,
       (SELECT count(*) FROM jobs WHERE jobs.queue = wanted.queue AND state = 'running') AS running,
       (SELECT count(*) FROM jobs WHERE jobs.queue = wanted.queue AND state = 'dead') AS dead,
       (SELECT min(run_at) FROM jobs
         WHERE jobs.queue = wanted.queue AND state = 'queued' AND run_at <= $2) AS oldest_due_at,
       (SELECT count(*) FROM workers
         WHERE wanted.queue = ANY(workers.queues) AND heartbeat_at > $3) AS workers,
       queue_pauses.paused_at,
       queue_pauses.paused_by
FROM unnest($1::text[]) WITH ORDINALITY AS wanted(queue, place)
LEFT JOIN queue_pauses ON queue_pauses.queue = wanted.queue
ORDER BY wanted.place
