-- compatible-from: 3
-- Every mail that was handed on, or written down where no mail is configured.
CREATE TABLE mails (
    -- The job that sent it: a job that runs twice sends once.
    job_id      uuid PRIMARY KEY,
    vendor_id   bigint REFERENCES vendors ON DELETE CASCADE,
    template    text NOT NULL,
    recipient   text NOT NULL,
    subject     text NOT NULL,
    -- 'outbox' writes down only; the others are the ways mail goes out.
    transport   text NOT NULL,
    -- 'sending' before the hand-over, so that a crash in between is seen.
    state       text NOT NULL CHECK (state IN ('sending', 'sent')),
    message_id  text NOT NULL DEFAULT '',
    text_body   text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz
);
CREATE INDEX mails_created_idx ON mails (created_at);
CREATE INDEX mails_vendor_idx ON mails (vendor_id, created_at);
