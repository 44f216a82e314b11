-- Puts the secret in force that the code was made with; the code is used up.
UPDATE users SET totp_confirmed_at = $4, totp_last_step = $5
WHERE id = $1 AND totp_secret IS NOT DISTINCT FROM $2 AND totp_sealed IS NOT DISTINCT FROM $3 AND totp_confirmed_at IS NULL
