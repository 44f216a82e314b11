DELETE FROM signing_keys WHERE ends_at <= $1
