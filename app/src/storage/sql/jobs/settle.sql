-- Writes down how runs of worker $1 ended, many at once. A run that lost its
-- lease is passed over and does not come back. What was cancelled meanwhile
-- does not go back to its queue. The last ten errors are kept.
UPDATE jobs
SET state = CASE WHEN ended.state = 'queued' AND cancel_requested_at IS NOT NULL THEN 'dead' ELSE ended.state END,
    run_at = COALESCE(ended.run_at, jobs.run_at),
    attempt = jobs.attempt - CASE WHEN ended.counted THEN 0 ELSE 1 END,
    finished_at = CASE WHEN ended.state <> 'queued' OR cancel_requested_at IS NOT NULL THEN $2::timestamptz END,
    last_error = CASE WHEN ended.state <> 'done' THEN
        COALESCE(ended.error, CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled' END, last_error) END,
    errors = CASE WHEN ended.error IS NULL THEN errors ELSE
        CASE WHEN jsonb_array_length(errors) < 10 THEN errors ELSE errors - 0 END
        || jsonb_build_array(jsonb_build_object(
            'attempt', jobs.attempt, 'at', $2::timestamptz, 'error', left(ended.error, 2000))) END,
    lease_until = NULL,
    worker_id = NULL
FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::timestamptz[], $7::text[], $8::boolean[])
    AS ended(id, attempt, state, run_at, error, counted)
WHERE jobs.id = ended.id AND jobs.worker_id = $1 AND jobs.attempt = ended.attempt AND jobs.state = 'running'
RETURNING jobs.id
