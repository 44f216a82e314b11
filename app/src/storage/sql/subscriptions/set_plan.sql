INSERT INTO subscriptions (vendor_id, plan_code, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (vendor_id) DO UPDATE SET plan_code = $2, updated_at = $3
