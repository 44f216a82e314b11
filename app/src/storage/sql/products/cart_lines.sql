SELECT p.id, p.vendor_id, p.name, v.name AS vendor, p.price_cents, p.currency
  FROM products p JOIN vendors v ON v.id = p.vendor_id
 WHERE p.id = ANY($1) AND p.is_active AND v.is_active
 ORDER BY p.vendor_id, p.id
