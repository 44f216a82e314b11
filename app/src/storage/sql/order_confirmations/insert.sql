-- Writes that an order was confirmed, unless it was already or is not there.
INSERT INTO order_confirmations (order_id, sent_at)
SELECT o.id, $2 FROM orders o WHERE o.id = $1
ON CONFLICT (order_id) DO NOTHING
