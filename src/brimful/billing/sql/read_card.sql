select method_id, gateway, gateway_account, gateway_customer, gateway_method, fingerprint, brand, last4, exp_month,
       exp_year, created_at
from payment_method
where tenant_id = $1 and account_id = $2 and removed_at is null and role = 'primary';
