-- Pauses a queue and tells its workers; no row when it was paused before.
WITH paused AS (
    INSERT INTO queue_pauses (queue, paused_at, paused_by) VALUES ($1, $2, $3)
    ON CONFLICT (queue) DO NOTHING
    RETURNING queue
)
SELECT queue, pg_notify('wizamart_control', queue) AS woken FROM paused
