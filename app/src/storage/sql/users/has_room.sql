-- Whether the shop's plan allows one more account; shops without a plan, and
-- plans without a number, allow any.
SELECT NOT EXISTS (
    SELECT FROM subscriptions s JOIN plans p ON p.code = s.plan_code
    WHERE s.vendor_id = $1 AND p.max_users <= (SELECT count(*) FROM users u WHERE u.vendor_id = $1)
) AS room
