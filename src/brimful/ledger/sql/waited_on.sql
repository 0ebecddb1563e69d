select distinct account_id from demand
where tenant_id = $1 and account_id = any ($2::uuid[]) and state = 'waiting'
order by account_id;
