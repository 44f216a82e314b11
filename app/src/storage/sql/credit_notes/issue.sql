-- Takes back the invoice of an order, if it has one that was not taken back.
-- The number is taken in the transaction that ends the order: one that is
-- rolled back gives it back.
WITH invoice AS (
    SELECT i.id, i.vendor_id FROM invoices i
     WHERE i.vendor_id = $1 AND i.order_id = $2
       AND NOT EXISTS (SELECT 1 FROM credit_notes c WHERE c.invoice_id = i.id)
), counted AS (
    INSERT INTO credit_note_counters AS n (vendor_id, last_number) SELECT vendor_id, 1 FROM invoice
    ON CONFLICT (vendor_id) DO UPDATE SET last_number = n.last_number + 1
    RETURNING n.last_number
)
INSERT INTO credit_notes (vendor_id, invoice_id, number, label, reason, issued_at)
SELECT i.vendor_id, i.id, n.last_number,
       'CN-' || v.invoice_prefix || repeat('0', 6 - length(n.last_number::text)) || n.last_number, $3, $4
  FROM invoice i CROSS JOIN counted n JOIN vendors v ON v.id = i.vendor_id
RETURNING id, label
