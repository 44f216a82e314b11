-- The run notices with its next batch, which it then cannot write.
UPDATE imports SET state = 'cancelled', finished_at = $3
WHERE vendor_id = $1 AND id = $2 AND state IN ('queued', 'running')
RETURNING *
