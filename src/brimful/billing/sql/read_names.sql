select account_id, name from account where tenant_id = $1 and account_id = any ($2::uuid[]);
