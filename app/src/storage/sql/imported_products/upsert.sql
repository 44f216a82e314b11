-- One batch of a feed. $12 names the columns the feed has: what it does not
-- have keeps its value. Rows that would not change are not written.
WITH written AS (
    INSERT INTO products AS p (vendor_id, currency, created_at, updated_at,
                               sku, name, description, price_cents, stock, gtin, brand, image_url)
    SELECT $1, $2, $3, $3, f.sku, f.name, f.description, f.price_cents, f.stock, f.gtin, f.brand, f.image_url
    FROM unnest($4::text[], $5::text[], $6::text[], $7::bigint[], $8::integer[], $9::text[], $10::text[], $11::text[])
      AS f (sku, name, description, price_cents, stock, gtin, brand, image_url)
    ON CONFLICT (vendor_id, sku) DO UPDATE SET
        name = EXCLUDED.name,
        price_cents = EXCLUDED.price_cents,
        currency = EXCLUDED.currency,
        description = CASE WHEN 'description' = ANY($12) THEN EXCLUDED.description ELSE p.description END,
        stock = CASE WHEN 'stock' = ANY($12) THEN EXCLUDED.stock ELSE p.stock END,
        gtin = CASE WHEN 'gtin' = ANY($12) THEN EXCLUDED.gtin ELSE p.gtin END,
        brand = CASE WHEN 'brand' = ANY($12) THEN EXCLUDED.brand ELSE p.brand END,
        image_url = CASE WHEN 'image_link' = ANY($12) THEN EXCLUDED.image_url ELSE p.image_url END,
        revision = p.revision + 1,
        updated_at = EXCLUDED.updated_at
    WHERE (p.name, p.price_cents, p.currency) IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.price_cents, EXCLUDED.currency)
       OR ('description' = ANY($12) AND p.description <> EXCLUDED.description)
       OR ('stock' = ANY($12) AND p.stock <> EXCLUDED.stock)
       OR ('gtin' = ANY($12) AND p.gtin IS DISTINCT FROM EXCLUDED.gtin)
       OR ('brand' = ANY($12) AND p.brand <> EXCLUDED.brand)
       OR ('image_link' = ANY($12) AND p.image_url <> EXCLUDED.image_url)
    -- A row version of this transaction's making that replaced none is new.
    RETURNING xmax = 0 AS created
)
SELECT count(*) FILTER (WHERE created) AS created, count(*) FILTER (WHERE NOT created) AS updated FROM written
