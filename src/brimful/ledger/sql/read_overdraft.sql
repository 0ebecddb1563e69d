select limit_credits from overdraft where tenant_id = $1 and account_id = $2;
