-- Places an order in one statement, and so in one transaction: takes the
-- pieces from stock, writes the order, its items, its invoice and the job that
-- confirms it; or does nothing and says why not.
--
-- Its commit does not wait for the disk: the lock on the vendor's counter is
-- given back at once, and the caller waits before it answers.
--
-- Locks are taken in one order by everybody, so that orders never wait for
-- each other in a circle: products by their numbers, the customer, and last
-- the vendor's counter of invoices. Whoever waits for a product sees it as the
-- other left it.
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::integer[]) AS w (product_id, quantity)
), locked AS MATERIALIZED (
    SELECT p.id, p.vendor_id, p.sku, p.name, p.price_cents, p.currency, p.stock, w.quantity
      FROM wanted w
      JOIN products p ON p.id = w.product_id
      JOIN vendors v ON v.id = p.vendor_id
     WHERE p.is_active AND v.is_active AND ($3::bigint IS NULL OR p.vendor_id = $3)
     ORDER BY p.id
       FOR NO KEY UPDATE OF p
), head AS MATERIALIZED (
    SELECT vendor_id, currency FROM locked ORDER BY id LIMIT 1
), findings AS MATERIALIZED (
    SELECT ARRAY(SELECT product_id FROM wanted WHERE product_id NOT IN (SELECT id FROM locked)) AS missing,
           ARRAY(SELECT id FROM locked WHERE vendor_id <> (SELECT vendor_id FROM head)) AS strangers,
           ARRAY(SELECT id FROM locked WHERE stock < quantity) AS short
), checked AS MATERIALIZED (
    SELECT l.vendor_id, l.currency, (SELECT sum(price_cents * quantity)::bigint FROM locked) AS total_cents
      FROM findings f, head l
     WHERE f.missing = '{}' AND f.strangers = '{}' AND f.short = '{}'
), taken AS (
    UPDATE products p
       SET stock = p.stock - l.quantity, revision = p.revision + 1, updated_at = $5
      FROM locked l, checked k
     WHERE p.id = l.id AND p.vendor_id = k.vendor_id
    RETURNING p.id
), customer AS (
    INSERT INTO customers AS c (vendor_id, email, name, address, country, created_at, updated_at)
    SELECT k.vendor_id, $6, $7, $8, $9, $5, $5 FROM checked k WHERE $6::text IS NOT NULL
    ON CONFLICT (vendor_id, lower(email)) DO UPDATE
       SET name = COALESCE(NULLIF(EXCLUDED.name, ''), c.name),
           address = COALESCE(NULLIF(EXCLUDED.address, ''), c.address),
           country = COALESCE(NULLIF(EXCLUDED.country, ''), c.country), updated_at = $5
    RETURNING c.id
), placed AS (
    INSERT INTO orders (vendor_id, user_id, customer_id, total_cents, currency, source, note,
                        placed_at, created_at, updated_at)
    SELECT k.vendor_id, $4::uuid, (SELECT id FROM customer), k.total_cents, k.currency, $10, $11, $5, $5, $5
      FROM checked k
    RETURNING id, vendor_id, customer_id, total_cents, currency
), lines AS (
    INSERT INTO order_items (order_id, vendor_id, product_id, sku, name, quantity, price_cents)
    SELECT o.id, o.vendor_id, l.id, l.sku, l.name, l.quantity, l.price_cents
      FROM placed o, locked l
    RETURNING id
), job AS (
    INSERT INTO jobs (id, queue, kind, args, run_at, max_attempts, created_at, vendor_id)
    SELECT $12, $13, $14, jsonb_build_object('order_id', o.id), $5, $15, $5, o.vendor_id
      FROM placed o
    RETURNING id
), counted AS (
    INSERT INTO invoice_counters AS n (vendor_id, last_number, month, month_orders, month_limit)
    SELECT o.vendor_id, 1, date_trunc('month', $5 AT TIME ZONE 'UTC')::date, 1, a.max_orders_month
      FROM placed o
      LEFT JOIN subscriptions s ON s.vendor_id = o.vendor_id
      LEFT JOIN plans a ON a.code = s.plan_code
           -- Everything else is done when the counter is locked.
     WHERE (SELECT count(*) FROM taken) + (SELECT count(*) FROM lines) + (SELECT count(*) FROM job) > 0
    ON CONFLICT (vendor_id) DO UPDATE
       SET last_number = n.last_number + 1, month = EXCLUDED.month, month_limit = EXCLUDED.month_limit,
           month_orders = CASE WHEN n.month = EXCLUDED.month THEN n.month_orders + 1 ELSE 1 END
    RETURNING n.vendor_id, n.last_number
), billed AS (
    INSERT INTO invoices (vendor_id, order_id, number, label, total_cents, vat_rate_bp, currency, issued_at)
    SELECT o.vendor_id, o.id, n.last_number,
           v.invoice_prefix || repeat('0', 6 - length(n.last_number::text)) || n.last_number,
           o.total_cents, v.vat_rate_bp, o.currency, $5
      FROM placed o JOIN counted n ON n.vendor_id = o.vendor_id JOIN vendors v ON v.id = o.vendor_id
    RETURNING id, label
)
SELECT set_config('synchronous_commit', 'off', true), f.missing, f.strangers, f.short,
       o.id, o.vendor_id, o.customer_id, o.total_cents, o.currency, b.id AS invoice_id, b.label AS invoice_number
  FROM findings f LEFT JOIN placed o ON true LEFT JOIN billed b ON true
