SELECT c.id, c.vendor_id, c.invoice_id, i.label AS invoice_label, i.order_id, c.number, c.label, c.reason,
       i.total_cents, i.vat_rate_bp, i.currency, c.issued_at
  FROM credit_notes c
  JOIN invoices i ON i.id = c.invoice_id
 WHERE c.vendor_id = $1 AND c.id = $2
