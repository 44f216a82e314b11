-- One that waits is dead at once and gives up its key; one that runs is
-- marked, and its worker is told.
WITH changed AS (
    UPDATE jobs
    SET state = CASE state WHEN 'queued' THEN 'dead' ELSE state END,
        finished_at = CASE state WHEN 'queued' THEN $2::timestamptz END,
        last_error = CASE state WHEN 'queued' THEN $3 ELSE last_error END,
        unique_key = CASE WHEN state = 'queued' AND unique_until IS NULL THEN NULL ELSE unique_key END,
        cancel_requested_at = $2
    WHERE id = $1 AND state IN ('queued', 'running')
    RETURNING *
)
SELECT changed.*, CASE state WHEN 'running' THEN pg_notify('wizamart_control', queue) END AS woken
FROM changed
