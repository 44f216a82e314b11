UPDATE orders
   SET status = $3, revision = revision + 1, updated_at = $4
 WHERE vendor_id = $1 AND id = $2
RETURNING id, vendor_id, user_id, customer_id, status, total_cents, currency, source, external_id, note, revision, placed_at, updated_at
