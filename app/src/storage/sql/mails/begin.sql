-- The row as it was before this run is what the caller must know.
WITH before AS (SELECT state FROM mails WHERE job_id = $1),
begun AS (
    INSERT INTO mails (job_id, vendor_id, template, recipient, subject, transport, state, message_id, text_sealed, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'sending', $7, $8, $9)
    ON CONFLICT (job_id) DO UPDATE
        SET state = 'sending', transport = $6, recipient = $4, subject = $5, text_body = '', text_sealed = $8, error = ''
        WHERE mails.state <> 'sent'
    RETURNING job_id
)
SELECT (SELECT state FROM before) AS before, EXISTS (SELECT 1 FROM begun) AS begun
