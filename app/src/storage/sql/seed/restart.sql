-- After rows whose numbers were given: the next one follows them.
SELECT setval(pg_get_serial_sequence('vendors', 'id'), (SELECT max(id) FROM vendors)),
       setval(pg_get_serial_sequence('products', 'id'), (SELECT max(id) FROM products))
