update payment_method set detached_at = $3 where tenant_id = $1 and method_id = $2;
