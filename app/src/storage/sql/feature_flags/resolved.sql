-- What is said of the vendor beats what its plan says, which beats the default.
SELECT f.name, f.description, COALESCE(v.enabled, p.enabled, f.enabled) AS enabled,
       CASE WHEN v.enabled IS NOT NULL THEN 'vendor' WHEN p.enabled IS NOT NULL THEN 'plan' ELSE 'default' END AS level
  FROM feature_flags f
  LEFT JOIN vendor_flags v ON v.flag_name = f.name AND v.vendor_id = $1
  LEFT JOIN subscriptions s ON s.vendor_id = $1
  LEFT JOIN plan_flags p ON p.flag_name = f.name AND p.plan_code = s.plan_code
 ORDER BY f.name
