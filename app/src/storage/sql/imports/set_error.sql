UPDATE imports SET error = $3 WHERE vendor_id = $1 AND id = $2 AND state = 'running'
