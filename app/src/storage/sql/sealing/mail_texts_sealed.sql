SELECT job_id AS id, text_sealed AS bytes FROM mails WHERE text_sealed IS NOT NULL AND job_id > $1 ORDER BY job_id LIMIT $2
