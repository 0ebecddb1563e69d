update account set merchant_ref = $3 where tenant_id = $1 and account_id = $2 and merchant_ref = $4;
