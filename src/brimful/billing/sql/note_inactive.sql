update auto_billing_setting set inactive_at = $3 where tenant_id = $1 and account_id = $2;
