DELETE FROM reports
 WHERE id IN (SELECT id FROM reports WHERE created_at < $1 ORDER BY created_at LIMIT $2)
RETURNING *
