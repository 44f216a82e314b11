INSERT INTO queue_sleepers (worker_id, queues, until) VALUES ($1, $2, $3)
ON CONFLICT (worker_id) DO UPDATE SET queues = excluded.queues, until = excluded.until
