select method_id, gateway_account, gateway_method, fingerprint, brand, last4, exp_month, exp_year, role, created_at
from payment_method
where tenant_id = $1 and account_id = $2 and removed_at is null
order by role desc, method_id;
