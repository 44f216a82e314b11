SELECT totp_secret AS plain, totp_sealed AS sealed, totp_confirmed_at IS NOT NULL AS confirmed FROM users WHERE id = $1
