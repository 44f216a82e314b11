-- What is due, and whether its previous run is still unfinished.
SELECT cron.*,
       EXISTS (SELECT 1 FROM jobs
                WHERE jobs.id = cron.last_job_id AND jobs.state IN ('queued', 'running')) AS unfinished
FROM cron
WHERE enabled AND next_run_at <= $1
ORDER BY next_run_at
FOR UPDATE OF cron SKIP LOCKED
