DROP TABLE vendor_flags, plan_flags, feature_flags, subscriptions, plans;
ALTER TABLE users DROP COLUMN vendor_id, DROP COLUMN name;
DROP TABLE vendors;
