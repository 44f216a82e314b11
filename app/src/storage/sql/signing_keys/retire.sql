UPDATE signing_keys SET ends_at = $1 WHERE ends_at > $1
