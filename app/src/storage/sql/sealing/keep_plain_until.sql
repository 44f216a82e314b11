UPDATE sealing SET plain_until = COALESCE($1::timestamptz, '-infinity')
