update payment_method set removed_at = $3 where tenant_id = $1 and account_id = $2 and removed_at is null;
