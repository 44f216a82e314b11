-- The job queue. A job is a row from the moment its enqueuer commits until
-- retention removes it; its state says who may touch it.
CREATE TABLE jobs (
    id           uuid PRIMARY KEY,
    queue        text NOT NULL,
    kind         text NOT NULL,
    args         jsonb NOT NULL,
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'dead')),
    priority     smallint NOT NULL DEFAULT 0,
    run_at       timestamptz NOT NULL,
    attempt      integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts integer NOT NULL DEFAULT 25 CHECK (max_attempts > 0),
    lease_until  timestamptz,
    worker_id    uuid,
    unique_key   text,
    unique_until timestamptz,
    last_error   text,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz,
    CHECK ((state = 'running') = (lease_until IS NOT NULL AND worker_id IS NOT NULL)),
    CHECK ((state IN ('done', 'dead')) = (finished_at IS NOT NULL))
);
-- Fetching: the next job of a queue, best first.
CREATE INDEX jobs_fetch_idx ON jobs (queue, priority DESC, run_at, id) WHERE state = 'queued';
-- When is the next one due, and how old is the oldest?
CREATE INDEX jobs_due_idx ON jobs (queue, run_at) WHERE state = 'queued';
-- Leases that ran out, and the jobs one worker holds.
CREATE INDEX jobs_lease_idx ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_worker_idx ON jobs (worker_id) WHERE state = 'running';
-- A key is held by one job at a time. A key without an end is given up when
-- the job starts; one with an end (unique per period) stays on the row.
CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key) WHERE unique_key IS NOT NULL;
-- Retention.
CREATE INDEX jobs_finished_idx ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;
-- Lists, newest first (ids are UUIDv7, so they sort by time).
CREATE INDEX jobs_state_idx ON jobs (state, id DESC);
CREATE INDEX jobs_queue_idx ON jobs (queue, id DESC);

-- One row per running worker process, renewed by its heartbeat.
CREATE TABLE workers (
    id           uuid PRIMARY KEY,
    queues       text[] NOT NULL,
    host         text NOT NULL,
    pid          integer NOT NULL,
    concurrency  integer NOT NULL,
    running      integer NOT NULL DEFAULT 0,
    started_at   timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL
);

-- Periodic jobs. The scheduler that leads enqueues what is due.
CREATE TABLE cron (
    name        text PRIMARY KEY,
    schedule    text NOT NULL,
    queue       text NOT NULL,
    kind        text NOT NULL,
    args        jsonb NOT NULL,
    enabled     boolean NOT NULL DEFAULT true,
    next_run_at timestamptz NOT NULL,
    last_run_at timestamptz,
    last_job_id uuid
);
CREATE INDEX cron_due_idx ON cron (next_run_at) WHERE enabled;
