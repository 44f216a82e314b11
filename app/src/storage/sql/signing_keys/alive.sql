-- The newest first: it signs.
SELECT id, secret, created_at, ends_at FROM signing_keys WHERE ends_at > $1 ORDER BY created_at DESC, id DESC
