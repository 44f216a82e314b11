SELECT totp_secret AS secret, totp_confirmed_at IS NOT NULL AS confirmed FROM users WHERE id = $1
