INSERT INTO customers (vendor_id, email, name, address, country, created_at, updated_at)
SELECT v.id, lower($4[1 + r.a % cardinality($4)] || '.' || $5[1 + r.b % cardinality($5)]) || n || '@example.com',
       $4[1 + r.a % cardinality($4)] || ' ' || $5[1 + r.b % cardinality($5)],
       (1 + r.b % 120) || ', Hauptstraße', (ARRAY['LU', 'LU', 'DE', 'FR', 'BE'])[1 + r.a % 5], $6, $6
FROM (SELECT $4::text[], $5::text[]) AS words,
     unnest($1::bigint[]) WITH ORDINALITY AS v (id, place)
CROSS JOIN generate_series(1, $2::integer) AS n
CROSS JOIN LATERAL (
    SELECT hashint8extended(v.place * 1000000 + n, $3 + 3) & 1048575 AS a,
           hashint8extended(v.place * 1000000 + n, $3 + 4) & 1048575 AS b
) AS r
