-- A vendor that nobody is shown: the shop leaves out those that are not active.
INSERT INTO vendors (slug, name, is_active, created_at, updated_at)
VALUES ($1, 'Self-test', false, $2, $2)
RETURNING id
