DROP TABLE samples;
ALTER TABLE jobs DROP COLUMN cancel_requested_at, DROP COLUMN vendor_id;
DROP TABLE queue_pauses;
