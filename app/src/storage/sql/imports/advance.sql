-- Only the run that knows how far the import is may take it further: of two
-- that believe in their lease, one writes.
UPDATE imports
SET position = $4, cursor = $5, read_bytes = greatest(read_bytes, $6),
    created_rows = created_rows + $7, updated_rows = updated_rows + $8,
    same_rows = same_rows + $9, failed_rows = failed_rows + $10
WHERE vendor_id = $1 AND id = $2 AND position = $3 AND state = 'running'
RETURNING *
