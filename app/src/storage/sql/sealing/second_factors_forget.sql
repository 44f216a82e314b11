UPDATE users SET totp_sealed = NULL, totp_confirmed_at = CASE WHEN totp_secret IS NULL THEN NULL ELSE totp_confirmed_at END
WHERE substring(totp_sealed FROM 2 FOR 4) = $1
