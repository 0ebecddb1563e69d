select endpoint_id, tenant_id, account_id, url, kinds, subtree, secret_before_until, created_at, disabled_at,
       disabled_because
from webhook_endpoint
where account_id = $1 and deleted_at is null and ($2::uuid is null or endpoint_id = $2)
order by endpoint_id;
