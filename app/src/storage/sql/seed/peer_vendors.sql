INSERT INTO vendors (id, slug, name, invoice_prefix, created_at, updated_at)
SELECT n, 'v' || n, 'Vendor ' || n, 'V' || n || '-', $1, $1 FROM generate_series(1, 50) AS n
