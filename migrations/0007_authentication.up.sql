-- compatible-from: 3
-- Keys that sign access tokens. The newest signs; older ones verify until they
-- end, so that a rotation logs nobody out.
CREATE TABLE signing_keys (
    id         text PRIMARY KEY,
    secret     bytea NOT NULL CHECK (length(secret) >= 32),
    created_at timestamptz NOT NULL,
    -- From here on it verifies nothing.
    ends_at    timestamptz NOT NULL
);
CREATE INDEX signing_keys_ends_idx ON signing_keys (ends_at);

-- One row per login of a program. A refresh token works once; the family ends
-- when one is used a second time.
CREATE TABLE refresh_families (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- SHA-256 of the token that works now.
    token_hash text NOT NULL UNIQUE,
    generation integer NOT NULL DEFAULT 1,
    user_agent text NOT NULL DEFAULT '',
    address    text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX refresh_families_user_idx ON refresh_families (user_id, created_at);
CREATE INDEX refresh_families_expires_idx ON refresh_families (expires_at);
-- Tokens that were exchanged: seeing one again means that it was stolen.
CREATE TABLE refresh_spent (
    token_hash text PRIMARY KEY,
    family_id  uuid NOT NULL REFERENCES refresh_families ON DELETE CASCADE,
    spent_at   timestamptz NOT NULL
);
CREATE INDEX refresh_spent_family_idx ON refresh_spent (family_id);
CREATE INDEX refresh_spent_at_idx ON refresh_spent (spent_at);

CREATE TABLE password_resets (
    token_hash text PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX password_resets_user_idx ON password_resets (user_id);
CREATE INDEX password_resets_expires_idx ON password_resets (expires_at);

-- Second factor (TOTP, RFC 6238).
ALTER TABLE users
    ADD COLUMN totp_secret bytea,
    ADD COLUMN totp_confirmed_at timestamptz,
    -- The last step that was used: a code works once.
    ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0,
    -- Sessions and tokens from before this moment are void.
    ADD COLUMN sessions_valid_from timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN last_login_at timestamptz;
CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash text NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Who did what. Rows are only ever added; retention removes old ones.
CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    user_id    uuid,
    -- As it was: the account may be gone.
    user_email text NOT NULL,
    vendor_id  bigint,
    address    text NOT NULL DEFAULT '',
    -- noun.verb, such as product.delete.
    action     text NOT NULL,
    subject    text NOT NULL DEFAULT '',
    detail     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_vendor_idx ON audit_log (vendor_id, id DESC);
CREATE INDEX audit_log_at_idx ON audit_log (at);
