update account set state = 'closed', closed_at = $3, moves_to = null, moves_at = null, moves_by = null
where tenant_id = $1 and account_id = $2 and state = 'open'
returning account_id;
