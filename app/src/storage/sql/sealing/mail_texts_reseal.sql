UPDATE mails SET text_sealed = $3 WHERE job_id = $1 AND text_sealed = $2
