UPDATE uploads
   SET thumbnails = $4, width = $5, height = $6
 WHERE vendor_id = $1 AND id = $2 AND store = $3
