DELETE FROM import_errors WHERE import_id = $1
