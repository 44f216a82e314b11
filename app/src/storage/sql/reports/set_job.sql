UPDATE reports SET job_id = $3 WHERE vendor_id = $1 AND id = $2 RETURNING *
