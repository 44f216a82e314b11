-- The newest first. Those in clear are an earlier release's.
SELECT replace(id::text, '-', '') AS id, NULL::bytea AS secret, sealed, created_at, ends_at
FROM sealed_signing_keys WHERE ends_at > $1
UNION ALL
SELECT id, secret, NULL, created_at, ends_at FROM signing_keys WHERE ends_at > $1
ORDER BY created_at DESC, id DESC
