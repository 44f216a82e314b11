-- Orders that somebody has to do something about.
SELECT count(*) FROM orders WHERE vendor_id = $1 AND status IN ('pending', 'paid')
