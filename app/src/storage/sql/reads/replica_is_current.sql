-- A replica that has replayed all it received is current even if the primary
-- has long had nothing to say.
SELECT pg_is_in_recovery()
   AND (pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
        OR COALESCE(now() - pg_last_xact_replay_timestamp() < interval '10 seconds', false))
