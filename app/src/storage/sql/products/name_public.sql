-- The parameter is selected so that the planner does not look at how many there
-- are: then one plan is as good as the next, and it is made once.
SELECT p.id, p.revision, p.updated_at, v.revision, v.updated_at
  FROM products p JOIN vendors v ON v.id = p.vendor_id
 WHERE p.id = ANY((SELECT $1::bigint[])::bigint[]) AND p.is_active AND v.is_active
