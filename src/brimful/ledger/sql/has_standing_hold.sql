select exists (select from credit_hold where tenant_id = $1 and account_id = $2 and state = 'standing');
