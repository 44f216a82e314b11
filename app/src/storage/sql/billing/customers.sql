SELECT vendor_id, stripe_customer_id
  FROM subscriptions
 WHERE vendor_id > $1 AND stripe_customer_id IS NOT NULL
 ORDER BY vendor_id
 LIMIT $2
