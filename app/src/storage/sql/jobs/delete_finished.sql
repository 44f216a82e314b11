-- Retention, in slices, so that it never holds locks for long. A key that is
-- unique per period keeps its row until the period is over.
DELETE FROM jobs
WHERE id IN (
    SELECT id FROM jobs
    WHERE ((state = 'done' AND finished_at < $1) OR (state = 'dead' AND finished_at < $2))
      AND (unique_until IS NULL OR unique_until < $3)
    LIMIT $4
)
