-- The newest jobs; a filter that is null does not filter.
SELECT * FROM jobs
WHERE ($1::text IS NULL OR state = $1)
  AND ($2::text IS NULL OR queue = $2)
ORDER BY id DESC
LIMIT $3
