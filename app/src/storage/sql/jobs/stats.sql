-- Per queue: depth, what runs, what died, and the two ages that tell whether
-- it keeps up. Finished jobs are counted over what retention keeps.
SELECT queue,
       count(*) FILTER (WHERE state = 'queued' AND run_at <= $1) AS due,
       count(*) FILTER (WHERE state = 'queued' AND run_at > $1) AS scheduled,
       count(*) FILTER (WHERE state = 'running') AS running,
       count(*) FILTER (WHERE state = 'done') AS done,
       count(*) FILTER (WHERE state = 'dead') AS dead,
       min(run_at) FILTER (WHERE state = 'queued' AND run_at <= $1) AS oldest_due_at
FROM jobs
GROUP BY queue
ORDER BY queue
