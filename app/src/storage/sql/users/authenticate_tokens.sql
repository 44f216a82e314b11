-- Two rows by their primary keys for each token. Asked with every request that
-- has one. The parameters are selected so that the planner does not look at how
-- many there are: one plan is made once.
SELECT t.place, u.id, u.email, u.role, u.vendor_id
  FROM unnest((SELECT $1::uuid[]), (SELECT $2::timestamptz[]), (SELECT $3::uuid[])) WITH ORDINALITY
    AS t (user_id, made_at, login, place)
  JOIN users u ON u.id = t.user_id
 WHERE u.is_active AND u.sessions_valid_from <= t.made_at
   AND EXISTS (SELECT FROM refresh_families f WHERE f.id = t.login AND f.user_id = u.id AND f.revoked_at IS NULL)
