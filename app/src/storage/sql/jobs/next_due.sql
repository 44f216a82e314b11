SELECT min(run_at) AS run_at FROM jobs
WHERE queue = ANY($1) AND state = 'queued'
  AND NOT EXISTS (SELECT 1 FROM queue_pauses WHERE queue_pauses.queue = jobs.queue)
