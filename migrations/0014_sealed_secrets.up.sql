-- compatible-from: 3
-- Secrets are sealed with keys that the database does not have. An earlier
-- release reads the columns in clear: see "Secrets in the database" in the book
-- for what it can and cannot do after this one wrote.
ALTER TABLE users ADD COLUMN totp_sealed bytea;
ALTER TABLE mails ADD COLUMN text_sealed bytea;

-- A table of its own, so that an earlier release does not take up keys that it
-- cannot read. It signs with its own, in signing_keys; those verify here for
-- two hours more.
CREATE TABLE sealed_signing_keys (
    -- The kid of its tokens, without the dashes.
    id         uuid PRIMARY KEY,
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- From here on it verifies nothing.
    ends_at    timestamptz NOT NULL
);
CREATE INDEX sealed_signing_keys_ends_idx ON sealed_signing_keys (ends_at);

-- Until this moment secrets of second factors stay in clear, so that the
-- earlier release can be gone back to; afterwards they are sealed.
CREATE TABLE sealing (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    plain_until timestamptz NOT NULL
);
INSERT INTO sealing (plain_until)
SELECT CASE WHEN EXISTS (SELECT FROM users) THEN now() + interval '24 hours' ELSE '-infinity' END;
