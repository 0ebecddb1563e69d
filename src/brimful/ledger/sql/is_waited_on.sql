select exists (select 1 from demand where tenant_id = $1 and account_id = $2 and state = 'waiting');
