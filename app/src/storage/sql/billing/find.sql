SELECT vendors.name AS vendor_name, vendors.created_at AS vendor_since,
       coalesce(subscriptions.plan_code, free.code) AS plan_code,
       coalesce(subscriptions.status, 'active') AS status,
       subscriptions.stripe_customer_id, subscriptions.stripe_subscription_id,
       subscriptions.current_period_end,
       coalesce(subscriptions.cancel_at_period_end, false) AS cancel_at_period_end
  FROM vendors
  LEFT JOIN subscriptions ON subscriptions.vendor_id = vendors.id
 CROSS JOIN (SELECT code FROM plans WHERE price_minor = 0 ORDER BY sort_order LIMIT 1) AS free
 WHERE vendors.id = $1
