-- Many stretches of the shelf at once, each read from the index as if alone.
-- Nothing sorts them: a row knows its question, and those of one come in order.
-- The array is read once, from an index that is nearly always empty.
SELECT s.id, s.vendor_id, s.sku, s.name, s.description, s.price_cents, s.currency, s.stock, s.created_at, s.revision,
       asked.place
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (cursor, most, place)
 CROSS JOIN LATERAL (
       SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at,
              p.revision
         FROM products p
        WHERE p.is_active AND p.id > asked.cursor
          AND p.vendor_id <> ALL (ARRAY(SELECT v.id FROM vendors v WHERE NOT v.is_active))
        ORDER BY p.id
        LIMIT asked.most
       ) AS s
