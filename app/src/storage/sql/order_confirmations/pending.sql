-- An order that was not confirmed yet. A job of one shop ($2) sees
-- that shop's orders only.
SELECT o.vendor_id, o.customer_id FROM orders o
WHERE o.id = $1 AND ($2::bigint IS NULL OR o.vendor_id = $2)
  AND NOT EXISTS (SELECT 1 FROM order_confirmations c WHERE c.order_id = o.id)
