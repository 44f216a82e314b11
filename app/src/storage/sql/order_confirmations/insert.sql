-- Writes that an order was confirmed, unless it was already or is not there.
--
-- Its commit does not wait for the disk: the end of the job is committed after
-- it and does. Lost in a crash are then both, and the job runs again.
INSERT INTO order_confirmations (order_id, sent_at)
SELECT o.id, $2 FROM orders o WHERE o.id = $1
ON CONFLICT (order_id) DO NOTHING
RETURNING set_config('synchronous_commit', 'off', true)
