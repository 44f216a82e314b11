SELECT min(run_at) AS run_at FROM jobs WHERE queue = ANY($1) AND state = 'queued'
