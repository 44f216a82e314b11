SELECT id, order_id, label, total_cents, vat_rate_bp, currency, issued_at
FROM invoices WHERE vendor_id = $1 AND id = $2
