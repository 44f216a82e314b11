DELETE FROM import_skus WHERE import_id = $1
