SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at, p.revision,
       v.name AS vendor_name, v.revision AS vendor_revision
  FROM products p JOIN vendors v ON v.id = p.vendor_id
 WHERE p.id = ANY($1) AND p.is_active AND v.is_active
