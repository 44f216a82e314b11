SELECT * FROM jobs WHERE unique_key = $1
