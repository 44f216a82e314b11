-- A code works once, and after it no older one does.
UPDATE users SET totp_last_step = $2 WHERE id = $1 AND totp_confirmed_at IS NOT NULL AND totp_last_step < $2
