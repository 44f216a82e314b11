DROP TABLE audit_log, recovery_codes, password_resets, refresh_spent, refresh_families, signing_keys;
ALTER TABLE users
    DROP COLUMN last_login_at,
    DROP COLUMN sessions_valid_from,
    DROP COLUMN totp_last_step,
    DROP COLUMN totp_confirmed_at,
    DROP COLUMN totp_secret;
