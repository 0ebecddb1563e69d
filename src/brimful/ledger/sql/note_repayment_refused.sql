update overdraft set retry_at = $3 where tenant_id = $1 and account_id = $2;
