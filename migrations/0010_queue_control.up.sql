-- compatible-from: 3
-- A queue that is named here is left alone by the workers.
CREATE TABLE queue_pauses (
    queue     text PRIMARY KEY,
    paused_at timestamptz NOT NULL,
    paused_by text NOT NULL DEFAULT ''
);
-- Workers that sleep until they are notified. A commit that notifies waits for
-- every other one that does, so a job only notifies when its queue is named
-- here. Unlogged: after a crash nobody is asleep.
CREATE UNLOGGED TABLE queue_sleepers (
    worker_id uuid PRIMARY KEY,
    queues    text[] NOT NULL,
    until     timestamptz NOT NULL
);
-- Whose job it is (NULL: the platform's), whether someone wants it ended, and
-- how its last attempts failed: [{"attempt", "at", "error"}], oldest first.
ALTER TABLE jobs
    ADD COLUMN vendor_id bigint,
    ADD COLUMN cancel_requested_at timestamptz,
    ADD COLUMN errors jsonb NOT NULL DEFAULT '[]';
CREATE INDEX jobs_vendor_idx ON jobs (vendor_id, id DESC) WHERE vendor_id IS NOT NULL;
-- Every change of a job's state is an entry in each of the table's indexes.
-- Nearly all rows are done, so a list of those needs no index of its own, and
-- neither does a list of a queue: both read the key backwards.
DROP INDEX jobs_state_idx;
DROP INDEX jobs_queue_idx;
CREATE INDEX jobs_open_idx ON jobs (state, id DESC) WHERE state <> 'done';
-- Each job leaves two dead rows behind: clean up early and without pauses, or
-- fetching wades through them.
ALTER TABLE jobs SET (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.1
);
-- What the plots are drawn from: a row a minute for each name, kept 30 days.
CREATE TABLE samples (
    at    timestamptz NOT NULL,
    name  text NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (name, at)
);
CREATE INDEX samples_at_idx ON samples (at);
-- "Orders of the last minute", of all vendors; tiny, and all but free to keep.
CREATE INDEX orders_recent_idx ON orders USING brin (placed_at);
