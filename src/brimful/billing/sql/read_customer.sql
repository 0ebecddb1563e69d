select gateway_customer from payment_method where tenant_id = $1 and account_id = $2 order by method_id desc limit 1;
