-- No row comes back when the order was imported before.
INSERT INTO orders (vendor_id, customer_id, status, total_cents, currency, source, external_id, note,
                    placed_at, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
ON CONFLICT (vendor_id, source, external_id) WHERE external_id IS NOT NULL DO NOTHING
RETURNING id
