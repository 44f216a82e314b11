SELECT s.plan_code, a.name AS plan_name, s.status, s.current_period_end, s.cancel_at_period_end,
       a.max_products, a.max_orders_month, a.max_users,
       (SELECT count(*) FROM products p WHERE p.vendor_id = s.vendor_id) AS products,
       (SELECT count(*) FROM users u WHERE u.vendor_id = s.vendor_id AND u.is_active) AS users,
       COALESCE((SELECT n.month_orders FROM invoice_counters n
                  WHERE n.vendor_id = s.vendor_id
                    AND n.month = date_trunc('month', $2 AT TIME ZONE 'UTC')::date), 0)::bigint AS orders_month
  FROM subscriptions s JOIN plans a ON a.code = s.plan_code
 WHERE s.vendor_id = $1
