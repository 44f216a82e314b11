-- Writes a message that nobody reads into the log. Its commit waits as long as
-- the session's commits do, usually for the disk, and with it for everything
-- that was committed before.
SELECT pg_logical_emit_message(true, 'wizamart', '')
