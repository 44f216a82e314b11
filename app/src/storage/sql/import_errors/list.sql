SELECT e.row_number, e.field, e.value, e.detail
FROM import_errors e JOIN imports i ON i.id = e.import_id
WHERE i.vendor_id = $1 AND e.import_id = $2 AND e.row_number > $3
ORDER BY e.row_number, e.field
LIMIT $4
