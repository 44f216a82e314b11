INSERT INTO vendors (slug, name, currency, address, vat_id, invoice_prefix, vat_rate_bp, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
RETURNING id, slug, name, currency, address, vat_id, invoice_prefix, vat_rate_bp, is_active, revision, created_at, updated_at
