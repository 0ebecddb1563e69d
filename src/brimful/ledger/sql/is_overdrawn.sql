select overdrawn > 0 from balance where tenant_id = $1 and account_id = $2 and resource = 'credits';
