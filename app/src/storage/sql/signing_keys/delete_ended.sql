WITH plain AS (DELETE FROM signing_keys WHERE ends_at <= $1 RETURNING id),
sealed AS (DELETE FROM sealed_signing_keys WHERE ends_at <= $1 RETURNING id)
SELECT (SELECT count(*) FROM plain) + (SELECT count(*) FROM sealed)
