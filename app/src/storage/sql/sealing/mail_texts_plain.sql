SELECT job_id AS id, convert_to(text_body, 'UTF8') AS bytes FROM mails WHERE text_body <> '' AND job_id > $1 ORDER BY job_id LIMIT $2
