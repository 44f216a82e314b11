UPDATE mails SET text_body = '', text_sealed = $3 WHERE job_id = $1 AND text_body = convert_from($2, 'UTF8')
