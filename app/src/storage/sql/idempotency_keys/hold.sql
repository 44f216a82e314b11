-- Whether nobody else is answering a request with this key, and what was
-- answered to it before. The lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended($1::uuid::text || $2::text, 0)) AS alone,
       k.fingerprint, k.status, k.body, k.location
  FROM (SELECT) one
  LEFT JOIN idempotency_keys k ON k.user_id = $1 AND k.key = $2 AND k.created_at > $3
