-- Renews what the worker still holds; a job it runs that does not come back
-- has been given to someone else.
UPDATE jobs SET lease_until = $2
WHERE worker_id = $1 AND state = 'running'
RETURNING id, attempt, kind, vendor_id, cancel_requested_at IS NOT NULL AS cancelled
