-- What the source says it is; with $5, from its first row.
UPDATE imports
SET source_tag = $3, total_bytes = $4,
    position = CASE WHEN $5 THEN 0 ELSE position END,
    read_bytes = CASE WHEN $5 THEN 0 ELSE read_bytes END,
    created_rows = CASE WHEN $5 THEN 0 ELSE created_rows END,
    updated_rows = CASE WHEN $5 THEN 0 ELSE updated_rows END,
    same_rows = CASE WHEN $5 THEN 0 ELSE same_rows END,
    failed_rows = CASE WHEN $5 THEN 0 ELSE failed_rows END
WHERE vendor_id = $1 AND id = $2 AND state = 'running'
