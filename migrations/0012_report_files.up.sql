-- compatible-from: 3
-- Files of reports are in the file store like uploads. NULL: made by an earlier
-- release, which kept them in a directory of its own.
ALTER TABLE reports
    ADD COLUMN store  text CHECK (store IN ('local', 's3')),
    ADD COLUMN sha256 text CHECK (length(sha256) = 64);
-- Reports end after a while, and are walked through when files are moved.
CREATE INDEX reports_created_idx ON reports (created_at);
-- Pictures that no product shows end after a while too.
CREATE INDEX uploads_created_idx ON uploads (created_at);
