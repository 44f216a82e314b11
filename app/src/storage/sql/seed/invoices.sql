INSERT INTO invoices (vendor_id, order_id, number, label, total_cents, vat_rate_bp, currency, issued_at)
SELECT v.id, o.id, r.number, v.invoice_prefix || lpad(r.number::text, 6, '0'),
       o.total_cents, v.vat_rate_bp, o.currency, o.placed_at
FROM (SELECT id, row_number() OVER (PARTITION BY vendor_id ORDER BY placed_at, id) AS number
      FROM orders WHERE vendor_id = ANY($1) AND status NOT IN ('pending', 'cancelled')) r
JOIN orders o ON o.id = r.id
JOIN vendors v ON v.id = o.vendor_id
