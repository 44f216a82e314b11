SELECT flag_name, plan_code, enabled
  FROM plan_flags
 ORDER BY flag_name, plan_code
