SELECT o.id, o.status, o.total_cents, o.currency, o.placed_at, o.note,
       v.name AS shop_name, v.address AS shop_address, v.vat_id AS shop_vat_id,
       c.email AS customer_email, coalesce(c.name, '') AS customer_name,
       coalesce(c.address, '') AS customer_address, coalesce(c.country, '') AS customer_country
FROM orders o
JOIN vendors v ON v.id = o.vendor_id
LEFT JOIN customers c ON c.id = o.customer_id AND c.vendor_id = o.vendor_id
WHERE o.vendor_id = $1 AND o.id = $2
