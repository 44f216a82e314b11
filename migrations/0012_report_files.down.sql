DROP INDEX uploads_created_idx;
DROP INDEX reports_created_idx;
ALTER TABLE reports DROP COLUMN store, DROP COLUMN sha256;
