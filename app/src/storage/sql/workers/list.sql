-- Every worker that is known, with what it runs.
SELECT workers.*,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', id, 'kind', kind) ORDER BY started_at, id)
                   FROM (SELECT id, kind, started_at FROM jobs
                          WHERE worker_id = workers.id AND state = 'running'
                          ORDER BY started_at, id LIMIT 20) AS held), '[]') AS jobs
FROM workers
ORDER BY queues, started_at
