-- Shops with names from $2 and $3, numbered after those that are there.
INSERT INTO vendors (slug, name, address, vat_id, created_at, updated_at)
SELECT 'demo-' || (m.last + n), $2[1 + (n - 1) % cardinality($2)] || ' ' || $3[1 + (n * 7) % cardinality($3)],
       (1 + n * 3 % 80) || ', rue du Marché, L-1234 Luxembourg', 'LU' || (10000000 + m.last + n), $4, $4
FROM generate_series(1, $1::integer) AS n, (SELECT coalesce(max(id), 0) AS last FROM vendors) AS m,
     (SELECT $2::text[], $3::text[]) AS names
ORDER BY n
RETURNING id
