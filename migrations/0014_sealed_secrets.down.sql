-- Nobody should be locked out by a column that goes.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM users WHERE totp_sealed IS NOT NULL AND totp_secret IS NULL AND totp_confirmed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'second factors are sealed, and the release to go back to cannot read them: first run "wizamart secrets unseal --yes" of the newer release';
    END IF;
END $$;
DROP TABLE sealing, sealed_signing_keys;
ALTER TABLE mails DROP COLUMN text_sealed;
ALTER TABLE users DROP COLUMN totp_sealed;
