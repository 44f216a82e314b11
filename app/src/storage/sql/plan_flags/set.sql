INSERT INTO plan_flags (flag_name, plan_code, enabled) VALUES ($1, $2, $3)
ON CONFLICT (plan_code, flag_name) DO UPDATE SET enabled = $3
