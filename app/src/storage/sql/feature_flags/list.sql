SELECT name, description, enabled
  FROM feature_flags
 ORDER BY name
