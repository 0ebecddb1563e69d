select c.tenant_id, c.purchase_id, c.gateway_account, c.payment_id, c.amount_minor, c.currency
from payment_route r
join charge c on c.tenant_id = r.tenant_id and c.gateway = r.gateway and c.payment_id = r.payment_id
where r.gateway = $1 and r.payment_id = $2;
