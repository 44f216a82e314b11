-- Orders that were called off and whose invoices nothing takes back, those
-- first that ended first.
SELECT o.vendor_id, o.id
  FROM orders o
  JOIN invoices i ON i.order_id = o.id
 WHERE o.status IN ('cancelled', 'refunded')
   AND NOT EXISTS (SELECT 1 FROM credit_notes c WHERE c.invoice_id = i.id)
 ORDER BY o.updated_at, o.id
 LIMIT $1
