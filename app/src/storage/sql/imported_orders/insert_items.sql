-- Items find their product by article number; it may not be there.
INSERT INTO order_items (order_id, vendor_id, product_id, sku, name, quantity, price_cents)
SELECT $1, $2, p.id, f.sku, coalesce(nullif(f.name, ''), p.name, f.sku), f.quantity, f.price_cents
FROM unnest($3::text[], $4::text[], $5::integer[], $6::bigint[]) WITH ORDINALITY
  AS f (sku, name, quantity, price_cents, place)
LEFT JOIN products p ON p.vendor_id = $2 AND p.sku = f.sku
ORDER BY f.place
