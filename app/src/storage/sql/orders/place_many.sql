-- Places many orders in one statement: as place.sql does one, but all of them
-- or none, and without saying why not. Line n of the parameters from $4 on is
-- of the n-th order; $1 to $3 are the products of all.
--
-- Locks are taken in the order in which place.sql takes them, those of one kind
-- by their numbers. The first lines say for how long one is waited for, and that
-- the commit does not wait for the disk.
--
-- The parameters are selected so that the planner does not look at how many
-- there are: then one plan is as good as the next, and it is made once.
WITH wanted AS MATERIALIZED (
    SELECT w.*
      FROM unnest((SELECT $1::integer[]), (SELECT $2::bigint[]), (SELECT $3::integer[]))
        AS w (place, product_id, quantity)
     WHERE (SELECT set_config('lock_timeout', '100ms', true) || set_config('synchronous_commit', 'off', true)) <> ''
), given AS MATERIALIZED (
    SELECT *
      FROM unnest((SELECT $4::bigint[]), (SELECT $5::uuid[]), (SELECT $6::timestamptz[]), (SELECT $7::text[]),
                  (SELECT $8::text[]), (SELECT $9::text[]), (SELECT $10::text[]), (SELECT $11::text[]),
                  (SELECT $12::text[]), (SELECT $13::uuid[])) WITH ORDINALITY
        AS g (vendor_id, user_id, now, email, name, address, country, source, note, job_id, place)
), locked AS MATERIALIZED (
    SELECT p.id, p.vendor_id, p.sku, p.name, p.price_cents, p.currency, p.stock, n.quantity
      FROM (SELECT product_id, sum(quantity) AS quantity FROM wanted GROUP BY product_id) n
      JOIN products p ON p.id = n.product_id
      JOIN vendors v ON v.id = p.vendor_id
     WHERE p.is_active AND v.is_active
     ORDER BY p.id
       FOR NO KEY UPDATE OF p
), lines AS MATERIALIZED (
    SELECT w.place, w.quantity, l.id, l.vendor_id, l.sku, l.name, l.price_cents, l.currency
      FROM wanted w JOIN locked l ON l.id = w.product_id
), totals AS MATERIALIZED (
    SELECT g.*, t.vendor_id AS seller_id, t.currency, t.total_cents, t.sellers
      FROM (SELECT place, min(vendor_id) AS vendor_id, count(DISTINCT vendor_id) AS sellers,
                   min(currency) AS currency, sum(price_cents * quantity)::bigint AS total_cents
              FROM lines GROUP BY place) t
      JOIN given g ON g.place = t.place
), fine AS MATERIALIZED (
    SELECT
     WHERE (SELECT count(*) FROM lines) = (SELECT count(*) FROM wanted)
       AND NOT EXISTS (SELECT FROM locked WHERE stock < quantity)
       AND NOT EXISTS (SELECT FROM totals WHERE sellers > 1 OR vendor_id <> seller_id)
), checked AS MATERIALIZED (
    SELECT t.*, nextval('orders_id_seq') AS id,
           row_number() OVER (PARTITION BY t.seller_id ORDER BY t.place) AS turn,
           count(*) OVER (PARTITION BY t.seller_id) AS turns
      FROM totals t, fine
), taken AS (
    UPDATE products p
       SET stock = p.stock - l.quantity, revision = p.revision + 1, updated_at = (SELECT max(now) FROM checked)
      FROM locked l, fine
     WHERE p.id = l.id AND p.vendor_id = l.vendor_id
    RETURNING p.id
), customer AS (
    INSERT INTO customers AS c (vendor_id, email, name, address, country, created_at, updated_at)
    SELECT k.seller_id, k.email, k.name, k.address, k.country, k.now, k.now
      FROM checked k
     WHERE k.email IS NOT NULL
     ORDER BY k.seller_id, lower(k.email)
    ON CONFLICT (vendor_id, lower(email)) DO UPDATE
       SET name = COALESCE(NULLIF(EXCLUDED.name, ''), c.name),
           address = COALESCE(NULLIF(EXCLUDED.address, ''), c.address),
           country = COALESCE(NULLIF(EXCLUDED.country, ''), c.country), updated_at = EXCLUDED.updated_at
    RETURNING c.id, c.vendor_id, lower(c.email) AS email
), placed AS (
    INSERT INTO orders (id, vendor_id, user_id, customer_id, total_cents, currency, source, note,
                        placed_at, created_at, updated_at)
    SELECT k.id, k.seller_id, k.user_id, c.id, k.total_cents, k.currency, k.source, k.note, k.now, k.now, k.now
      FROM checked k
      LEFT JOIN customer c ON c.vendor_id = k.seller_id AND c.email = lower(k.email)
    RETURNING id, customer_id
), items AS (
    INSERT INTO order_items (order_id, vendor_id, product_id, sku, name, quantity, price_cents)
    SELECT k.id, k.seller_id, l.id, l.sku, l.name, l.quantity, l.price_cents
      FROM checked k JOIN lines l ON l.place = k.place
    RETURNING id
), job AS (
    INSERT INTO jobs (id, queue, kind, args, run_at, max_attempts, created_at, vendor_id)
    SELECT k.job_id, $14, $15, jsonb_build_object('order_id', k.id), k.now, $16, k.now, k.seller_id
      FROM checked k
    RETURNING id
), counted AS (
    INSERT INTO invoice_counters AS n (vendor_id, last_number, month, month_orders, month_limit)
    SELECT k.seller_id, k.turns, date_trunc('month', k.now AT TIME ZONE 'UTC')::date, k.turns, a.max_orders_month
      FROM checked k
      LEFT JOIN subscriptions s ON s.vendor_id = k.seller_id
      LEFT JOIN plans a ON a.code = s.plan_code
           -- Everything else is done when the counters are locked.
     WHERE k.turn = k.turns
       AND (SELECT count(*) FROM taken) + (SELECT count(*) FROM placed) + (SELECT count(*) FROM items)
         + (SELECT count(*) FROM job) > 0
     ORDER BY k.seller_id
    ON CONFLICT (vendor_id) DO UPDATE
       SET last_number = n.last_number + EXCLUDED.last_number,
           month = EXCLUDED.month, month_limit = EXCLUDED.month_limit,
           month_orders = EXCLUDED.month_orders + CASE WHEN n.month = EXCLUDED.month THEN n.month_orders ELSE 0 END
    RETURNING n.vendor_id, n.last_number
), billed AS (
    INSERT INTO invoices (vendor_id, order_id, number, label, total_cents, vat_rate_bp, currency, issued_at)
    SELECT k.seller_id, k.id, k.number,
           v.invoice_prefix || repeat('0', 6 - length(k.number::text)) || k.number,
           k.total_cents, v.vat_rate_bp, k.currency, k.now
      FROM (SELECT k.*, n.last_number - k.turns + k.turn AS number
              FROM checked k JOIN counted n ON n.vendor_id = k.seller_id) k
      JOIN vendors v ON v.id = k.seller_id
    RETURNING id, order_id, label
)
SELECT k.id, k.seller_id AS vendor_id, o.customer_id, k.total_cents, k.currency, b.id AS invoice_id,
       b.label AS invoice_number
  FROM checked k JOIN placed o ON o.id = k.id JOIN billed b ON b.order_id = k.id
 ORDER BY k.place
