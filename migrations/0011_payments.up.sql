-- compatible-from: 3
-- Events of the payment provider. They may come twice and in any order.
CREATE TABLE webhook_events (
    id           text PRIMARY KEY,
    kind         text NOT NULL,
    payload      jsonb NOT NULL,
    -- When the provider made it.
    created_at   timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    processed_at timestamptz
);
CREATE INDEX webhook_events_received_idx ON webhook_events (received_at);
-- What the provider billed the vendors for the platform.
CREATE TABLE billing_invoices (
    stripe_invoice_id text PRIMARY KEY,
    vendor_id         bigint NOT NULL REFERENCES vendors ON DELETE CASCADE,
    status            text NOT NULL,
    total_minor       bigint NOT NULL,
    currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    hosted_url        text NOT NULL DEFAULT '',
    created_at        timestamptz NOT NULL,
    provider_at       timestamptz NOT NULL
);
CREATE INDEX billing_invoices_vendor_idx ON billing_invoices (vendor_id, created_at DESC);
