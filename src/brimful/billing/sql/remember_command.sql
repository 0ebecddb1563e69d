insert into command (tenant_id, account_id, key, verb, body_hash, object_id, at) values ($1, $2, $3, $4, $5, $6, $7);
