INSERT INTO invoice_counters (vendor_id, last_number)
SELECT vendor_id, max(number) FROM invoices WHERE vendor_id = ANY($1) GROUP BY vendor_id
