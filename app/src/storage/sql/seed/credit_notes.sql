INSERT INTO credit_notes (vendor_id, invoice_id, number, label, reason, issued_at)
SELECT r.vendor_id, r.id, r.number, 'CN-' || v.invoice_prefix || lpad(r.number::text, 6, '0'), r.status, r.updated_at
FROM (SELECT i.vendor_id, i.id, o.status, o.updated_at,
             row_number() OVER (PARTITION BY i.vendor_id ORDER BY o.updated_at, i.id) AS number
      FROM invoices i JOIN orders o ON o.id = i.order_id
      WHERE i.vendor_id = ANY($1) AND o.status IN ('cancelled', 'refunded')) r
JOIN vendors v ON v.id = r.vendor_id
