SELECT u.id, u.email, u.name, u.is_active, u.vendor_id, coalesce(v.name, '') AS vendor_name
FROM users u LEFT JOIN vendors v ON v.id = u.vendor_id WHERE u.id = $1
