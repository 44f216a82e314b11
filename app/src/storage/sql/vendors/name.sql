SELECT name FROM vendors WHERE id = $1
