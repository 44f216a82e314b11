UPDATE users SET totp_secret = NULL, totp_sealed = NULL, totp_confirmed_at = NULL, totp_last_step = 0 WHERE id = $1
