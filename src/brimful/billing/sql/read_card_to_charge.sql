select c.method_id, c.fingerprint, c.paused_reason, c.retry_at, c.role, c.brand, c.last4
from account a
join account p on p.tenant_id = a.tenant_id and p.account_id = a.parent_id
join lateral card_to_charge_v1(a.tenant_id, a.account_id, p.merchant_ref, $3, false) c on true
where a.tenant_id = $1 and a.account_id = $2;
