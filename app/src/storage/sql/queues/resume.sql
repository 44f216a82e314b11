-- Ends a queue's pause and wakes its workers; no row when there was none.
WITH resumed AS (DELETE FROM queue_pauses WHERE queue = $1 RETURNING queue)
SELECT queue, pg_notify('wizamart_jobs', queue) AS woken FROM resumed
