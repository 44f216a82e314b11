SELECT product_id, sku, name, quantity, price_cents
  FROM order_items
 WHERE vendor_id = $1 AND order_id = $2
 ORDER BY id
