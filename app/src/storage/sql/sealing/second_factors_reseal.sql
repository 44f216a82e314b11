UPDATE users SET totp_sealed = $3 WHERE id = $1 AND totp_sealed = $2
