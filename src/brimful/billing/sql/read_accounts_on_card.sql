select m.account_id from payment_method m
join auto_billing_setting s on s.tenant_id = m.tenant_id and s.account_id = m.account_id and s.enabled
where m.tenant_id = $1 and m.gateway_account = $2 and m.fingerprint = $3 and m.removed_at is null and m.role = 'primary'
order by m.account_id;
