INSERT INTO outbox (job_id, recipient, subject, created_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (job_id) DO NOTHING
