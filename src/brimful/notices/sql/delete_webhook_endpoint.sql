-- Its deliveries can still be read; its secrets are kept no longer.
update webhook_endpoint
set deleted_at = $3, disabled_at = coalesce(disabled_at, $3), disabled_because = coalesce(disabled_because, 'owner'),
    secret = '', secret_before = null, secret_before_until = null
where account_id = $1 and endpoint_id = $2 and deleted_at is null
returning endpoint_id;
