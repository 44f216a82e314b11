UPDATE mails SET state = 'sent', sent_at = $2, error = '' WHERE job_id = $1 AND state <> 'sent'
