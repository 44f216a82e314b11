-- Changes of who may do what take turns, so that two of them cannot each leave
-- the other's account as the last one.
SELECT pg_advisory_xact_lock(7266311, 1)::text
