SELECT id, sealed AS bytes FROM sealed_signing_keys WHERE id > $1 ORDER BY id LIMIT $2
