SELECT slug, currency FROM vendors WHERE id = $1
