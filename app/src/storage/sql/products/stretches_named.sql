-- Which products are on many stretches of the shelf, in which version; each is
-- read from the index as if alone. Nothing sorts them: those of one stretch come
-- in order. The array of vendors is read once, from an index that is nearly
-- always empty. The CASE keeps the planner from guessing how many products that
-- leaves: where all are of one vendor it would guess none, and read and sort the
-- whole shelf for each page.
--
-- The parameters are selected so that the planner does not look at how many
-- there are: then one plan is as good as the next, and it is made once.
SELECT asked.place, s.ids, s.revisions, s.changes
  FROM unnest((SELECT $1::bigint[]), (SELECT $2::bigint[])) WITH ORDINALITY AS asked (cursor, most, place)
 CROSS JOIN LATERAL (
       SELECT array_agg(n.id) AS ids, array_agg(n.revision) AS revisions, array_agg(n.updated_at) AS changes
         FROM (SELECT p.id, p.revision, p.updated_at
                 FROM products p
                WHERE p.is_active AND p.id > asked.cursor
                  AND CASE WHEN p.vendor_id = ANY (ARRAY(SELECT v.id FROM vendors v WHERE NOT v.is_active)) THEN false ELSE true END
                ORDER BY p.id
                LIMIT asked.most) AS n
       ) AS s
