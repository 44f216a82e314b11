SELECT sku, row_number FROM import_skus WHERE import_id = $1 AND sku = ANY($2)
