UPDATE users SET totp_secret = NULL, totp_sealed = $3 WHERE id = $1 AND totp_secret = $2
