-- Of these orders, those that were not confirmed yet; a job of one shop sees
-- that shop's orders only. Where no customer is named there is nobody to tell,
-- and that settles it: the order is confirmed.
--
-- The commit does not wait for the disk: the end of the job is committed after
-- it and does. Lost in a crash are then both, and the job runs again.
WITH pending AS MATERIALIZED (
    SELECT a.place, o.id, o.vendor_id, o.customer_id
      FROM unnest((SELECT $1::bigint[]), (SELECT $2::bigint[])) WITH ORDINALITY AS a (order_id, vendor_id, place)
      JOIN orders o ON o.id = a.order_id
     WHERE (a.vendor_id IS NULL OR o.vendor_id = a.vendor_id)
       AND NOT EXISTS (SELECT FROM order_confirmations c WHERE c.order_id = a.order_id)
), settled AS (
    INSERT INTO order_confirmations (order_id, sent_at)
    SELECT DISTINCT id, $3::timestamptz FROM pending WHERE customer_id IS NULL
    ON CONFLICT (order_id) DO NOTHING
)
SELECT set_config('synchronous_commit', 'off', true), place, vendor_id, customer_id IS NOT NULL AS has_customer FROM pending
