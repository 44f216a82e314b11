DROP TABLE idempotency_keys, order_confirmations, invoices, invoice_counters, order_items, orders, customers;
