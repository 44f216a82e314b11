SELECT job_id, vendor_id, template, recipient, subject, transport, state, error, message_id, text_body, text_sealed, created_at, sent_at
FROM mails WHERE $1::timestamptz IS NULL OR created_at < $1
ORDER BY created_at DESC, job_id DESC LIMIT $2
