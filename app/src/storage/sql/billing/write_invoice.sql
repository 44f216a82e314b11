WITH payer AS (
    SELECT vendor_id
      FROM subscriptions
     WHERE stripe_customer_id = $1
), known AS (
    SELECT provider_at
      FROM billing_invoices
     WHERE stripe_invoice_id = $2
), written AS (
    INSERT INTO billing_invoices
        (stripe_invoice_id, vendor_id, status, total_minor, currency, hosted_url, created_at, provider_at)
    SELECT $2, vendor_id, $3, $4, $5, $6, $7, $8
      FROM payer
    ON CONFLICT (stripe_invoice_id) DO UPDATE
       SET status = EXCLUDED.status, total_minor = EXCLUDED.total_minor,
           hosted_url = EXCLUDED.hosted_url, provider_at = EXCLUDED.provider_at
     WHERE billing_invoices.vendor_id = EXCLUDED.vendor_id
       AND (billing_invoices.provider_at < EXCLUDED.provider_at
            OR ($9 AND billing_invoices.provider_at = EXCLUDED.provider_at))
    RETURNING stripe_invoice_id
)
SELECT CASE
           WHEN EXISTS (SELECT FROM written) THEN 'written'
           WHEN NOT EXISTS (SELECT FROM payer) THEN 'unknown'
           WHEN EXISTS (SELECT FROM known WHERE provider_at = $8) THEN 'same_moment'
           ELSE 'older'
       END
