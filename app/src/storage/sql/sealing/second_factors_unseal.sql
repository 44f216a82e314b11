-- A secret in clear is newer than a sealed one: an earlier release wrote it.
UPDATE users SET totp_secret = COALESCE(totp_secret, $3), totp_sealed = NULL WHERE id = $1 AND totp_sealed = $2
