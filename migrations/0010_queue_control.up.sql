-- compatible-from: 3
-- A queue that is named here is left alone by the workers.
CREATE TABLE queue_pauses (
    queue     text PRIMARY KEY,
    paused_at timestamptz NOT NULL,
    paused_by text NOT NULL DEFAULT ''
);
-- Whose job it is (NULL: the platform's), and whether someone wants it ended.
ALTER TABLE jobs
    ADD COLUMN vendor_id bigint,
    ADD COLUMN cancel_requested_at timestamptz;
CREATE INDEX jobs_vendor_idx ON jobs (vendor_id, id DESC) WHERE vendor_id IS NOT NULL;
-- What the plots are drawn from: one row a minute, kept 30 days.
CREATE TABLE samples (
    at    timestamptz NOT NULL,
    name  text NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (name, at)
);
CREATE INDEX samples_at_idx ON samples (at);
