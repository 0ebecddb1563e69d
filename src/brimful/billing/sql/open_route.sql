insert into account_route (account_id, tenant_id, agency_external_id) values ($1, $2, $3);
