-- The rows of the peer: two words and a number as the name, twenty words as
-- the description, so that compressing has a real page's work to do. All in
-- one shop, because an order is of one shop.
INSERT INTO products (id, vendor_id, sku, name, description, price_cents, stock, created_at, updated_at)
SELECT n, 1, 'SKU-' || lpad(n::text, 6, '0'),
       initcap(w.words[1 + n % 48] || ' ' || w.words[1 + n / 7 % 48]) || ' ' || n,
       (SELECT string_agg(w.words[1 + (hashint4(n * 20 + k) & 1023) % 48], ' ') FROM generate_series(1, 20) AS k),
       100 + (n * 37) % 20000, 100000000, $2, $2
FROM generate_series(1, 10000) AS n, (SELECT $1::text[] AS words) AS w
