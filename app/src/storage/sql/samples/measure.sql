-- Of each queue: jobs due now, the age of the oldest in seconds, and how many
-- ended between $2 and $3; then orders placed in that time and their sum in
-- minor units, by currency. Each is a range of an index.
WITH queue AS (
    SELECT wanted.name,
           (SELECT count(*) FROM jobs
             WHERE jobs.queue = wanted.name AND state = 'queued' AND run_at <= $3) AS depth,
           (SELECT min(run_at) FROM jobs
             WHERE jobs.queue = wanted.name AND state = 'queued' AND run_at <= $3) AS oldest
    FROM unnest($1::text[]) AS wanted(name)
), ended AS (
    SELECT queue, state, count(*) AS jobs FROM jobs
    WHERE state IN ('done', 'dead') AND finished_at > $2 AND finished_at <= $3
    GROUP BY queue, state
), placed AS (
    SELECT currency, count(*) AS orders, sum(total_cents) AS revenue FROM orders
    WHERE placed_at > $2 AND placed_at <= $3
    GROUP BY currency
)
SELECT 'queue.depth:' || name AS name, depth::float8 AS value FROM queue
UNION ALL
SELECT 'queue.age:' || name, COALESCE(extract(epoch FROM $3 - oldest), 0)::float8 FROM queue
UNION ALL
SELECT 'queue.' || states.state || ':' || queue.name, COALESCE(ended.jobs, 0)::float8
FROM queue CROSS JOIN (VALUES ('done'), ('dead')) AS states(state)
LEFT JOIN ended ON ended.queue = queue.name AND ended.state = states.state
UNION ALL
SELECT 'orders', COALESCE(sum(orders), 0)::float8 FROM placed
UNION ALL
SELECT 'revenue:' || currency, revenue::float8 FROM placed
