DELETE FROM samples WHERE at < $1
