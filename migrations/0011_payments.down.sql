DROP TABLE billing_invoices, webhook_events;
