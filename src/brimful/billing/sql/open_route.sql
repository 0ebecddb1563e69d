insert into account_route (account_id, tenant_id) values ($1, $2);
