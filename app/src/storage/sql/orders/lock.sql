SELECT id, vendor_id, user_id, customer_id, status, total_cents, currency, source, external_id, note, revision, placed_at, updated_at FROM orders WHERE vendor_id = $1 AND id = $2 FOR NO KEY UPDATE
