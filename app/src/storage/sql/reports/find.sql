SELECT * FROM reports WHERE vendor_id = $1 AND id = $2
