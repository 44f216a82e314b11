WITH sleeper AS (DELETE FROM queue_sleepers WHERE worker_id = $1)
DELETE FROM workers WHERE id = $1
