UPDATE mails SET state = $2, error = $3 WHERE job_id = $1 AND state = 'sending'
