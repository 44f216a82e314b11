-- "onebox st" in ASCII; advisory locks share one number space per database.
-- Held by the session: it ends with the program, however that ends.
SELECT pg_try_advisory_lock(x'6f6e65626f787374'::bigint)
