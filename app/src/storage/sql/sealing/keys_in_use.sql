-- Of secrets that logins need: what, the key's id, how many.
SELECT 'second_factors' AS place, substring(totp_sealed FROM 2 FOR 4) AS key, count(*) AS rows
FROM users WHERE totp_sealed IS NOT NULL AND totp_secret IS NULL AND totp_confirmed_at IS NOT NULL GROUP BY 2
UNION ALL
SELECT 'signing_keys', substring(sealed FROM 2 FOR 4), count(*)
FROM sealed_signing_keys WHERE ends_at > $1 GROUP BY 2
