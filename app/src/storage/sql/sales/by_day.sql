-- Every day of the range ($2 to $3) in a time zone ($4), also those without
-- sales. Cancelled and refunded orders are none.
SELECT d::date AS day, count(o.id) AS orders, coalesce(sum(i.quantity), 0)::bigint AS items,
       coalesce(sum(o.total_cents), 0)::bigint AS revenue_cents
FROM vendors v
CROSS JOIN generate_series($2::date, $3::date, interval '1 day') AS d
LEFT JOIN orders o ON o.vendor_id = v.id AND o.currency = v.currency
  AND o.status NOT IN ('cancelled', 'refunded')
  AND o.placed_at >= d::timestamp AT TIME ZONE $4
  AND o.placed_at < (d + interval '1 day')::timestamp AT TIME ZONE $4
LEFT JOIN LATERAL (
    SELECT sum(quantity) AS quantity FROM order_items WHERE vendor_id = $1 AND order_id = o.id
) i ON true
WHERE v.id = $1
GROUP BY d
ORDER BY d
