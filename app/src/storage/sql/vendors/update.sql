UPDATE vendors
   SET name = COALESCE($3, name), address = COALESCE($4, address), vat_id = COALESCE($5, vat_id),
       invoice_prefix = COALESCE($6, invoice_prefix), vat_rate_bp = COALESCE($7, vat_rate_bp),
       slug = COALESCE($8, slug), is_active = COALESCE($9, is_active),
       revision = revision + 1, updated_at = $10
 WHERE id = $1 AND ($2::integer IS NULL OR revision = $2)
RETURNING id, slug, name, currency, address, vat_id, invoice_prefix, vat_rate_bp, is_active, revision, created_at, updated_at
