SELECT id, slug, name, currency, address, vat_id, invoice_prefix, vat_rate_bp, is_active, revision, created_at, updated_at FROM vendors WHERE slug = $1 AND is_active
