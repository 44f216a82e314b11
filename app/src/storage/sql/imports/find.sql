SELECT * FROM imports WHERE vendor_id = $1 AND id = $2
