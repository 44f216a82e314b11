INSERT INTO sealed_signing_keys (id, sealed, created_at, ends_at) VALUES ($1, $2, $3, $4)
