-- Accounts that may log in. The role decides what they may do.
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    password_hash text NOT NULL,
    role          text NOT NULL CHECK (role IN ('admin', 'owner', 'staff')),
    is_active     boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
-- One account per address, whatever its capital letters.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
-- "Is there an admin yet?" is asked on every boot.
CREATE INDEX users_admins_idx ON users (id) WHERE role = 'admin';
