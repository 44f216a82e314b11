SELECT EXISTS (SELECT FROM sealing WHERE plain_until > $1)
