insert into pool (tenant_id, account_id) values ($1, $2);
