update account set state = 'closed', closed_at = $3
where tenant_id = $1 and account_id = $2 and state = 'open'
returning account_id;
