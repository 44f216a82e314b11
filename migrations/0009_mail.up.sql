-- compatible-from: 3
-- Every mail that was handed on, or written down where no mail is configured.
CREATE TABLE mails (
    -- The job that sends it: a job that runs twice sends once.
    job_id      uuid PRIMARY KEY,
    vendor_id   bigint REFERENCES vendors ON DELETE CASCADE,
    template    text NOT NULL,
    recipient   text NOT NULL,
    subject     text NOT NULL,
    -- 'outbox' writes down only; the others are the ways mail goes out.
    transport   text NOT NULL,
    -- 'sending' from before the hand-over until its answer, so that a crash in
    -- between is seen; 'waiting' was refused for now, 'refused' for good.
    state       text NOT NULL CHECK (state IN ('sending', 'waiting', 'sent', 'refused')),
    -- What the other side said when it did not take the mail.
    error       text NOT NULL DEFAULT '',
    message_id  text NOT NULL DEFAULT '',
    -- Kept where the mail leaves nowhere; what is sent may hold secrets.
    text_body   text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX mails_created_idx ON mails (created_at);
CREATE INDEX mails_vendor_idx ON mails (vendor_id, created_at);
