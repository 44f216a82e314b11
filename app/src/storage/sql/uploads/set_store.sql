UPDATE uploads
   SET store = $3
 WHERE id = $1 AND store = $2 AND thumbnails = $4
