-- A running one is its worker's; cancel it first.
DELETE FROM jobs WHERE id = $1 AND state <> 'running' RETURNING *
