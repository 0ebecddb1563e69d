insert into api_key (key_id, prefix, secret_hash, account_id, tenant_id, read_only, label, vouched_by, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);
