-- Of all vendors: for administrators.
SELECT f.flag_name, f.vendor_id, v.name AS vendor_name, f.enabled
  FROM vendor_flags f JOIN vendors v ON v.id = f.vendor_id
 ORDER BY f.flag_name, f.vendor_id
 LIMIT $1
