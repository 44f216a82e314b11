SELECT EXISTS (SELECT 1 FROM jobs WHERE state IN ('queued', 'running') AND kind = $1) AS found
