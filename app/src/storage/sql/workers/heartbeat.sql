INSERT INTO workers (id, queues, host, pid, concurrency, running, started_at, heartbeat_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (id) DO UPDATE SET running = excluded.running, heartbeat_at = excluded.heartbeat_at
