UPDATE customers
   SET email = COALESCE($3, email), name = COALESCE($4, name), address = COALESCE($5, address),
       country = COALESCE($6, country), updated_at = $7
 WHERE vendor_id = $1 AND id = $2
RETURNING id, vendor_id, email, name, address, country, created_at, updated_at
