INSERT INTO subscriptions (vendor_id, plan_code, stripe_customer_id, updated_at)
SELECT $1, code, $2, $3
  FROM plans
 WHERE price_minor = 0
 ORDER BY sort_order
 LIMIT 1
ON CONFLICT (vendor_id) DO UPDATE
   SET stripe_customer_id = coalesce(subscriptions.stripe_customer_id, EXCLUDED.stripe_customer_id),
       updated_at = EXCLUDED.updated_at
RETURNING stripe_customer_id
