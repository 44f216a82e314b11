DROP INDEX orders_recent_idx;
DROP TABLE samples;
ALTER TABLE jobs RESET (
    fillfactor,
    autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_threshold,
    autovacuum_vacuum_cost_delay,
    autovacuum_analyze_scale_factor
);
DROP INDEX jobs_open_idx;
CREATE INDEX jobs_state_idx ON jobs (state, id DESC);
CREATE INDEX jobs_queue_idx ON jobs (queue, id DESC);
ALTER TABLE jobs DROP COLUMN errors, DROP COLUMN cancel_requested_at, DROP COLUMN vendor_id;
DROP TABLE queue_sleepers;
DROP TABLE queue_pauses;
