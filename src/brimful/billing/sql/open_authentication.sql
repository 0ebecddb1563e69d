insert into authentication (tenant_id, authentication_id, account_id, failed_id, token_hash, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7);
