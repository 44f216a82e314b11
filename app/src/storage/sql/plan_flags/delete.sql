DELETE FROM plan_flags WHERE flag_name = $1 AND plan_code = $2
