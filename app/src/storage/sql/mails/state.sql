SELECT state FROM mails WHERE job_id = $1
