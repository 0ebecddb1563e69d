select m.tenant_id, m.account_id, m.method_id, m.gateway_account, m.gateway_customer, m.gateway_method,
       m.brand || ' ending ' || m.last4 as label, m.removed_at is not null as removed
from payment_method_route r
join payment_method m on m.tenant_id = r.tenant_id and m.method_id = r.method_id
where r.gateway = $1 and r.gateway_method = $2;
