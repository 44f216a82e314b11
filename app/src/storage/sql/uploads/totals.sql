SELECT count(*), coalesce(sum(size_bytes), 0)::bigint
  FROM uploads
 WHERE $1::text IS NULL OR store = $1
