-- Due at once, whatever it waited for; a dead one gets at least one more try.
WITH changed AS (
    UPDATE jobs
    SET state = 'queued', run_at = $2, finished_at = NULL, cancel_requested_at = NULL
    WHERE id = $1 AND state IN ('queued', 'dead')
    RETURNING *
)
SELECT changed.*, pg_notify('wizamart_jobs', queue) AS woken FROM changed
