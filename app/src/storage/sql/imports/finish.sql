UPDATE imports SET state = $3, error = $4, finished_at = $5
WHERE vendor_id = $1 AND id = $2 AND state = 'running'
