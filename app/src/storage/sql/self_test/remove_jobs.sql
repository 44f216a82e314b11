-- One that runs is its worker's, and over in a moment.
DELETE FROM jobs WHERE kind = $1 AND created_at < $2 AND state <> 'running'
