SELECT id, vendor_id, user_id, customer_id, status, total_cents, currency, source, external_id, note, revision, placed_at, updated_at
  FROM orders
 WHERE vendor_id = $1 AND ($2::bigint IS NULL OR id < $2) AND ($3::text IS NULL OR status = $3)
   AND ($4::bigint IS NULL OR customer_id = $4)
 ORDER BY id DESC
 LIMIT $5
