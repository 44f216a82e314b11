UPDATE mails SET text_body = convert_from($3, 'UTF8'), text_sealed = NULL WHERE job_id = $1 AND text_sealed = $2
