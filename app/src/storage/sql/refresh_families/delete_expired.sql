-- A login that ended is kept a while: reuse of its tokens is still reported.
DELETE FROM refresh_families WHERE id IN (
    SELECT id FROM refresh_families WHERE expires_at < $1 LIMIT $2)
