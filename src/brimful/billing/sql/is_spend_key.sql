select exists (select 1 from spend where tenant_id = $1 and account_id = $2 and key = $3);
