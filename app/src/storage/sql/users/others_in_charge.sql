-- Accounts that could go on if this one went: other administrators, or other
-- owners of the same shop.
SELECT count(*) FROM users
WHERE role = $2 AND vendor_id IS NOT DISTINCT FROM $3 AND is_active AND id <> $1
