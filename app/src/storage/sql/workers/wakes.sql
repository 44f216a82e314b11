DELETE FROM queue_sleepers WHERE worker_id = $1
