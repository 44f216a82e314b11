SELECT p.id, p.vendor_id, p.sku, p.name, p.description, p.price_cents, p.currency, p.stock, p.created_at, p.revision,
       p.updated_at
  FROM products p
 WHERE p.id = ANY($1) AND p.is_active
