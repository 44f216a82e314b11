INSERT INTO webhook_events (id, kind, payload, created_at, received_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING
