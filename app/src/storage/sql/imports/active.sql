SELECT id FROM imports WHERE vendor_id = $1 AND kind = $2 AND state IN ('queued', 'running')
