-- The vendor's row stays locked until the transaction ends: who counts
-- against a limit and then adds does so alone.
SELECT a.name AS plan, a.max_products, a.max_orders_month, a.max_users
  FROM vendors v
  LEFT JOIN subscriptions s ON s.vendor_id = v.id
  LEFT JOIN plans a ON a.code = s.plan_code
 WHERE v.id = $1
   FOR NO KEY UPDATE OF v
