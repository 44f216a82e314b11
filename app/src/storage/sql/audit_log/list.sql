SELECT id, at, user_id, user_email, vendor_id, address, action, subject, detail
FROM audit_log WHERE id < $1 ORDER BY id DESC LIMIT $2
