-- Their orders stay, without them: the books need the orders.
DELETE FROM customers WHERE vendor_id = $1 AND id = $2
