WITH known AS (
    SELECT vendor_id, provider_at, status, stripe_subscription_id
      FROM subscriptions
     WHERE stripe_customer_id = $1
       FOR UPDATE
), written AS (
    UPDATE subscriptions
       SET plan_code = CASE
               WHEN $3 IN ('canceled', 'incomplete_expired', 'unpaid')
                   THEN (SELECT code FROM plans WHERE price_minor = 0 ORDER BY sort_order LIMIT 1)
               -- Nothing was paid yet, or nothing is for a while.
               WHEN $3 IN ('incomplete', 'paused') THEN subscriptions.plan_code
               ELSE coalesce((SELECT code FROM plans WHERE stripe_price_id = $4), subscriptions.plan_code)
           END,
           status = $3, stripe_subscription_id = $2, current_period_end = $5,
           cancel_at_period_end = $6, provider_at = $7, updated_at = $7
      FROM known
     WHERE subscriptions.vendor_id = known.vendor_id
       AND (known.provider_at IS NULL OR known.provider_at < $7 OR ($8 AND known.provider_at = $7))
       -- The end of another subscription than the present one is no news.
       AND (known.stripe_subscription_id IS NULL OR known.stripe_subscription_id = $2
            OR known.status IN ('canceled', 'incomplete_expired')
            OR $3 NOT IN ('canceled', 'incomplete_expired'))
    RETURNING subscriptions.vendor_id
)
SELECT CASE
           WHEN EXISTS (SELECT FROM written) THEN 'written'
           WHEN NOT EXISTS (SELECT FROM known) THEN 'unknown'
           WHEN EXISTS (SELECT FROM known WHERE provider_at = $7) THEN 'same_moment'
           ELSE 'older'
       END
