SELECT stripe_invoice_id, status, total_minor, currency, hosted_url, created_at
  FROM billing_invoices
 WHERE vendor_id = $1
 ORDER BY created_at DESC, stripe_invoice_id
 LIMIT $2
