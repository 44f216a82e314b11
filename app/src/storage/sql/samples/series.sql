SELECT at, value FROM samples WHERE name = $1 AND at >= $2 ORDER BY at
