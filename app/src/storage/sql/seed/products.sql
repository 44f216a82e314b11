-- $2 products for each of the vendors $1; $3 is the seed, $4 to $6 are words.
INSERT INTO products (vendor_id, sku, name, description, price_cents, stock, brand, created_at, updated_at)
SELECT v.id, 'P-' || lpad(n::text, 6, '0'),
       $4[1 + r.a % cardinality($4)] || ' ' || $5[1 + r.b % cardinality($5)] || ' ' || $6[1 + r.c % cardinality($6)],
       'A ' || lower($4[1 + r.a % cardinality($4)]) || ' ' || $6[1 + r.c % cardinality($6)] || ' made of '
       || lower($5[1 + r.b % cardinality($5)]) || '. Dispatched within ' || (1 + r.a % 5) || ' days.',
       (3 + r.b % 180) * 100 + CASE r.c % 3 WHEN 0 THEN 0 WHEN 1 THEN 50 ELSE 99 END,
       20 + (r.a % 400)::integer,
       $5[1 + r.c % cardinality($5)] || ' & Co', $7, $7
FROM (SELECT $4::text[], $5::text[], $6::text[]) AS words,
     unnest($1::bigint[]) WITH ORDINALITY AS v (id, place)
CROSS JOIN generate_series(1, $2::integer) AS n
CROSS JOIN LATERAL (
    SELECT hashint8extended(v.place * 1000000 + n, $3) & 1048575 AS a,
           hashint8extended(v.place * 1000000 + n, $3 + 1) & 1048575 AS b,
           hashint8extended(v.place * 1000000 + n, $3 + 2) & 1048575 AS c
) AS r
ORDER BY v.place, n
