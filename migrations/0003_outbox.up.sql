-- Mail that would have been sent. A job runs at least once; its id as the key
-- makes the effect happen exactly once.
CREATE TABLE outbox (
    job_id     uuid PRIMARY KEY,
    recipient  text NOT NULL,
    subject    text NOT NULL,
    created_at timestamptz NOT NULL
);
