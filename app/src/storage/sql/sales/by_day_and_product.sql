SELECT (o.placed_at AT TIME ZONE $4)::date AS day, i.sku, max(i.name) AS name,
       count(DISTINCT o.id) AS orders, sum(i.quantity)::bigint AS items,
       sum(i.quantity * i.price_cents)::bigint AS revenue_cents
FROM orders o
JOIN vendors v ON v.id = o.vendor_id AND v.currency = o.currency
JOIN order_items i ON i.order_id = o.id AND i.vendor_id = o.vendor_id
WHERE o.vendor_id = $1 AND o.status NOT IN ('cancelled', 'refunded')
  AND o.placed_at >= $2::date::timestamp AT TIME ZONE $4
  AND o.placed_at < ($3::date + 1)::timestamp AT TIME ZONE $4
GROUP BY day, i.sku
ORDER BY day, i.sku
