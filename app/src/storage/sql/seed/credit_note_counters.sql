INSERT INTO credit_note_counters (vendor_id, last_number)
SELECT vendor_id, max(number) FROM credit_notes WHERE vendor_id = ANY($1) GROUP BY vendor_id
