-- In slices, so that it never holds locks for long.
DELETE FROM jobs
WHERE id IN (SELECT id FROM jobs WHERE queue = $1 AND state = $2 LIMIT $3 FOR UPDATE SKIP LOCKED)
