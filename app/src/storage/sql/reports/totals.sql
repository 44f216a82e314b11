SELECT coalesce(sum(size_bytes), 0)::bigint
  FROM reports
 WHERE file_key IS NOT NULL AND ($1::text IS NULL OR store IS DISTINCT FROM $1)
