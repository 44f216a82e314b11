SELECT id
  FROM uploads
 WHERE vendor_id = $1 AND id = $2
   FOR UPDATE
