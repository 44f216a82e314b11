INSERT INTO feature_flags (name, enabled, description, updated_at) VALUES ($1, $2, COALESCE($3, ''), $4)
ON CONFLICT (name) DO UPDATE
   SET enabled = $2, description = COALESCE($3, feature_flags.description), updated_at = $4
