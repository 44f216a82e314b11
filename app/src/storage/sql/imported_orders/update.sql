-- What was bought stays as it was. The state only moves forward: an order
-- that was shipped here is not unshipped because the marketplace is behind.
UPDATE orders o SET status = n.status, note = $5, revision = revision + 1, updated_at = $6
FROM (SELECT id,
             CASE WHEN array_position(s.ranks, $4) > array_position(s.ranks, status) THEN $4 ELSE status END AS status
      FROM orders, (SELECT ARRAY['pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded'] AS ranks) s
      WHERE vendor_id = $1 AND source = $2 AND external_id = $3) n
WHERE o.vendor_id = $1 AND o.id = n.id AND (o.status, o.note) IS DISTINCT FROM (n.status, $5)
RETURNING o.id, o.status
