UPDATE webhook_events
   SET processed_at = $2
 WHERE id = $1 AND processed_at IS NULL
