-- Imports whose job has died or was deleted would wait for ever.
UPDATE imports
SET state = 'failed', finished_at = $3, error = coalesce(error, 'its job was ended from outside')
WHERE vendor_id = $1 AND kind = $2 AND state IN ('queued', 'running')
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = imports.job_id AND jobs.state IN ('queued', 'running'))
