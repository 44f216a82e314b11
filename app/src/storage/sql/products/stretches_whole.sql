-- The same stretches as by their names, with all that the products say.
SELECT s.id, s.vendor_id, s.sku, s.name, s.description, s.price_cents, s.currency, s.stock, s.created_at, s.revision,
       s.updated_at, asked.place
  FROM unnest((SELECT $1::bigint[]), (SELECT $2::bigint[])) WITH ORDINALITY AS asked (cursor, most, place)
 CROSS JOIN LATERAL (
       SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at,
              p.revision, p.updated_at
         FROM products p
        WHERE p.is_active AND p.id > asked.cursor
          AND CASE WHEN p.vendor_id = ANY (ARRAY(SELECT v.id FROM vendors v WHERE NOT v.is_active)) THEN false ELSE true END
        ORDER BY p.id
        LIMIT asked.most
       ) AS s
