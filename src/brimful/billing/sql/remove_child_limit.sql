delete from child_limit where tenant_id = $1 and account_id = $2 and child_id = $3;
