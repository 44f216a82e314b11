SELECT code, name, price_minor, currency, max_products, max_orders_month, max_users, stripe_price_id
  FROM plans
 ORDER BY sort_order, code
