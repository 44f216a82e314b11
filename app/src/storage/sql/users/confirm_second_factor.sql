-- Puts the secret in force that the code was made with; the code is used up.
UPDATE users SET totp_confirmed_at = $3, totp_last_step = $4
WHERE id = $1 AND totp_secret = $2 AND totp_confirmed_at IS NULL
