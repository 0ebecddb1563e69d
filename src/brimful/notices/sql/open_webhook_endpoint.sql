insert into webhook_endpoint (endpoint_id, tenant_id, account_id, url, kinds, subtree, secret, vouched_by, created_at, busy_until)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
