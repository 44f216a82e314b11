SELECT i.id, i.vendor_id, i.order_id, i.number, i.label, i.total_cents, i.vat_rate_bp, i.currency, i.issued_at FROM invoices i WHERE i.vendor_id = $1 AND i.id = $2
