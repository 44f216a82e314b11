-- Orders number $4 to $5 of the seed: more in the evening than at night, more
-- lately than three months ago, of one to three products each.
WITH drawn AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('orders', 'id')) AS id, n,
           ($1::bigint[])[1 + r.a % cardinality($1::bigint[])] AS vendor_id,
           1 + r.a % cardinality($1::bigint[]) AS place, r.b, r.c,
           least($7::timestamptz - interval '1 minute',
                 date_trunc('day', $7::timestamptz) - make_interval(days => 90 - ceil(90 * sqrt(r.b / 1048576.0))::integer)
                 + make_interval(hours => ($6::integer[])[1 + r.c % cardinality($6::integer[])],
                                 mins => (r.b % 60)::integer, secs => (r.c % 60)::integer)) AS placed_at
    FROM generate_series($4::bigint, $5::bigint) AS n
    CROSS JOIN LATERAL (
        SELECT hashint8extended(n, $3 + 5) & 1048575 AS a, hashint8extended(n, $3 + 6) & 1048575 AS b,
               hashint8extended(n, $3 + 7) & 1048575 AS c
    ) AS r
), items AS MATERIALIZED (
    SELECT d.id AS order_id, d.vendor_id, p.id AS product_id, p.sku, p.name, p.price_cents,
           1 + ((d.b + k) % 7 / 5)::integer AS quantity
    FROM drawn d
    CROSS JOIN LATERAL generate_series(1, 1 + d.c % 3) AS k
    JOIN products p ON p.vendor_id = d.vendor_id
     AND p.sku = 'P-' || lpad((1 + (hashint8extended(d.n * 4 + k, $3 + 8) & 1048575) % $2::integer)::text, 6, '0')
), placed AS (
    INSERT INTO orders (id, vendor_id, customer_id, status, total_cents, currency, source, placed_at, created_at, updated_at)
    SELECT d.id, d.vendor_id, c.id,
           CASE WHEN d.b % 40 = 0 THEN 'cancelled' WHEN d.b % 40 = 1 THEN 'refunded'
                WHEN d.placed_at < $7 - interval '6 days' THEN 'delivered'
                WHEN d.placed_at < $7 - interval '2 days' THEN 'shipped'
                WHEN d.c % 4 = 0 THEN 'pending' ELSE 'paid' END,
           t.total, 'EUR', 'shop', d.placed_at, d.placed_at, d.placed_at
    FROM drawn d
    JOIN (SELECT order_id, sum(quantity * price_cents) AS total FROM items GROUP BY order_id) t ON t.order_id = d.id
    LEFT JOIN LATERAL (
        SELECT id FROM customers WHERE vendor_id = d.vendor_id ORDER BY id OFFSET d.b % $8::integer LIMIT 1
    ) AS c ON true
    RETURNING id
)
INSERT INTO order_items (order_id, vendor_id, product_id, sku, name, quantity, price_cents)
SELECT i.order_id, i.vendor_id, i.product_id, i.sku, i.name, i.quantity, i.price_cents
FROM items i JOIN placed ON placed.id = i.order_id
