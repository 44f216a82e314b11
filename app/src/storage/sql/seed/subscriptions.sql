INSERT INTO subscriptions (vendor_id, plan_code, updated_at)
SELECT id, 'business', $2 FROM unnest($1::bigint[]) AS id
