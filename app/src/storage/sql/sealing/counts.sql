-- Everything; without a key what is in clear.
SELECT 'second_factors' AS place, substring(totp_sealed FROM 2 FOR 4) AS key, count(*) AS rows
FROM users WHERE totp_sealed IS NOT NULL GROUP BY 2
UNION ALL
SELECT 'second_factors', NULL, count(*) FROM users WHERE totp_secret IS NOT NULL HAVING count(*) > 0
UNION ALL
SELECT 'signing_keys', substring(sealed FROM 2 FOR 4), count(*) FROM sealed_signing_keys GROUP BY 2
UNION ALL
SELECT 'signing_keys', NULL, count(*) FROM signing_keys HAVING count(*) > 0
UNION ALL
SELECT 'mail_texts', substring(text_sealed FROM 2 FOR 4), count(*) FROM mails WHERE text_sealed IS NOT NULL GROUP BY 2
UNION ALL
SELECT 'mail_texts', NULL, count(*) FROM mails WHERE text_body <> '' HAVING count(*) > 0
ORDER BY 1, 2 NULLS FIRST
