select purchase_id from charge where tenant_id = $1 and charge_id = $2 and account_id = $3;
