update account set moves_to = $3, moves_at = $4, moves_by = $5 where tenant_id = $1 and account_id = $2;
