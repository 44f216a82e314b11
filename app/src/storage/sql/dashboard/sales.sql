-- Orders and what they brought, by day and currency; $1 is a vendor or NULL for
-- all, $2 the first moment, $3 the time zone whose days they are.
SELECT date_trunc('day', placed_at AT TIME ZONE $3) AT TIME ZONE $3 AS day,
       currency,
       count(*) AS orders,
       COALESCE(sum(total_cents), 0)::bigint AS revenue
  FROM orders
 WHERE placed_at >= $2 AND ($1::bigint IS NULL OR vendor_id = $1)
   AND status NOT IN ('cancelled', 'refunded')
 GROUP BY 1, 2
 ORDER BY 1, 2
