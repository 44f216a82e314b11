-- A new secret, unless one is in force.
UPDATE users SET totp_secret = $2, totp_sealed = $3, totp_last_step = 0 WHERE id = $1 AND totp_confirmed_at IS NULL
