SELECT id, vendor_id, email, name, address, country, created_at, updated_at
  FROM customers
 WHERE vendor_id = $1 AND id > $2 AND ($3::text IS NULL OR lower(email) = lower($3))
 ORDER BY id
 LIMIT $4
