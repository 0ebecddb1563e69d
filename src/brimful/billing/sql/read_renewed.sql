select l.subscription_id, s.seller_failed_at, s.seller_tries
from purchase_line l
join subscription s on s.tenant_id = l.tenant_id and s.subscription_id = l.subscription_id
where l.tenant_id = $1 and l.purchase_id = $2;
