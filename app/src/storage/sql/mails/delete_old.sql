DELETE FROM mails WHERE job_id IN (SELECT job_id FROM mails WHERE created_at < $1 ORDER BY created_at LIMIT $2)
