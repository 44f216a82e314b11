SELECT code, name, price_minor, currency, stripe_price_id
  FROM plans
 ORDER BY sort_order, code
