SELECT min(next_run_at) AS next_run_at FROM cron WHERE enabled
