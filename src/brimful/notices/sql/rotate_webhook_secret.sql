-- The one before stays good until then; one before that is good no longer.
update webhook_endpoint
set secret_before = secret, secret_before_until = $4, secret = $3, vouched_by = array(select distinct v from unnest(vouched_by || $5::uuid[]) v)
where account_id = $1 and endpoint_id = $2 and deleted_at is null
returning endpoint_id;
