INSERT INTO audit_log (at, user_id, user_email, vendor_id, address, action, subject, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
