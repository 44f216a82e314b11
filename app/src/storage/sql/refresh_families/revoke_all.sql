-- Every login of an account, but one if it is named.
UPDATE refresh_families SET revoked_at = $3
WHERE user_id = $1 AND id IS DISTINCT FROM $2 AND revoked_at IS NULL
