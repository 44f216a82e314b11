-- The next number of the vendor, taken in the order's own transaction: one
-- that is rolled back gives it back.
WITH counter AS (
    INSERT INTO invoice_counters AS c (vendor_id, last_number) VALUES ($1, 1)
    ON CONFLICT (vendor_id) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number
)
INSERT INTO invoices (vendor_id, order_id, number, label, total_cents, vat_rate_bp, currency, issued_at)
SELECT v.id, o.id, counter.last_number, v.invoice_prefix || lpad(counter.last_number::text, 6, '0'),
       o.total_cents, v.vat_rate_bp, o.currency, $3
FROM counter, vendors v, orders o
WHERE v.id = $1 AND o.vendor_id = $1 AND o.id = $2
