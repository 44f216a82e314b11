SELECT payload, processed_at
  FROM webhook_events
 WHERE id = $1
