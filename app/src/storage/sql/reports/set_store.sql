UPDATE reports
   SET store = $4, sha256 = $5
 WHERE vendor_id = $1 AND id = $2 AND store IS NOT DISTINCT FROM $3
