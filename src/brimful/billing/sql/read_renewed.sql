-- The subscriptions that a renewal is for, and since when their seller fails them.
select l.subscription_id, s.seller_failed_at, s.past_due_since
from purchase_line l
join subscription s on s.tenant_id = l.tenant_id and s.subscription_id = l.subscription_id
where l.tenant_id = $1 and l.purchase_id = $2;
