select tenant_id from account where account_id = tenant_id order by tenant_id;
