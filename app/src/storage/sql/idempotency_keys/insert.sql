INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body, location, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (user_id, key) DO UPDATE
   SET fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, body = EXCLUDED.body,
       location = EXCLUDED.location, created_at = EXCLUDED.created_at
 WHERE idempotency_keys.created_at <= $8
RETURNING true
