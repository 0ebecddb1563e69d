select account_id from payment_method
where tenant_id = $1 and gateway_account = $2 and fingerprint = $3 and removed_at is null
order by account_id;
