WITH silent AS (DELETE FROM queue_sleepers WHERE until < $1)
DELETE FROM workers WHERE heartbeat_at < $1
