-- Jobs, newest first, after a cursor; a filter that is null does not filter.
SELECT * FROM jobs
WHERE ($1::text IS NULL OR state = $1)
  AND ($2::text IS NULL OR queue = $2)
  AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR strpos(lower(args::text), lower($4)) > 0
                        OR strpos(lower(last_error), lower($4)) > 0)
  AND ($5::bigint IS NULL OR vendor_id = $5)
  AND ($6::uuid IS NULL OR id < $6)
  AND ($8::uuid IS NULL OR id = $8)
ORDER BY id DESC
LIMIT $7
