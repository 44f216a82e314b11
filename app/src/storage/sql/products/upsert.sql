-- Adds or changes many products of one vendor by their article numbers, no
-- number twice. At most $12 are added; what is the same already is not
-- written. One row comes back per row that was given.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[],
                         $7::text[], $8::text[], $9::text[], $10::boolean[]) WITH ORDINALITY
        AS g (sku, name, description, price_cents, stock, gtin, brand, image_url, is_active, place)
), known AS MATERIALIZED (
    SELECT p.sku FROM products p WHERE p.vendor_id = $1 AND p.sku = ANY ($2::text[])
), fresh AS MATERIALIZED (
    SELECT g.sku, row_number() OVER (ORDER BY g.place) AS turn
      FROM given g
     WHERE NOT EXISTS (SELECT FROM known k WHERE k.sku = g.sku)
), written AS (
    INSERT INTO products AS p (vendor_id, sku, name, description, price_cents, currency, stock,
                               gtin, brand, image_url, is_active, created_at, updated_at)
    SELECT v.id, g.sku, g.name, g.description, g.price_cents, v.currency, g.stock,
           NULLIF(g.gtin, ''), g.brand, g.image_url, g.is_active, $11, $11
      FROM given g JOIN vendors v ON v.id = $1 LEFT JOIN fresh f ON f.sku = g.sku
     WHERE f.turn IS NULL OR f.turn <= $12
     ORDER BY g.sku
    ON CONFLICT (vendor_id, sku) DO UPDATE
       SET name = EXCLUDED.name, description = EXCLUDED.description, price_cents = EXCLUDED.price_cents,
           stock = EXCLUDED.stock, gtin = EXCLUDED.gtin, brand = EXCLUDED.brand,
           image_url = EXCLUDED.image_url, is_active = EXCLUDED.is_active,
           revision = p.revision + 1, updated_at = $11
     WHERE (p.name, p.description, p.price_cents, p.stock, p.gtin, p.brand, p.image_url, p.is_active)
           IS DISTINCT FROM
           (EXCLUDED.name, EXCLUDED.description, EXCLUDED.price_cents, EXCLUDED.stock, EXCLUDED.gtin,
            EXCLUDED.brand, EXCLUDED.image_url, EXCLUDED.is_active)
    RETURNING p.sku, p.revision
)
SELECT CASE WHEN w.revision = 1 THEN 'created'
            WHEN w.revision > 1 THEN 'updated'
            WHEN f.turn > $12 THEN 'refused'
            ELSE 'unchanged' END AS outcome
  FROM given g LEFT JOIN fresh f ON f.sku = g.sku LEFT JOIN written w ON w.sku = g.sku
 ORDER BY g.place
