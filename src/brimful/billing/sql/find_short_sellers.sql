-- Sellers whose pool does not cover the renewals of their buyers that are due, and begun or tried again, before an instant.
select c.tenant_id, c.seller_id, sum(c.credits)::bigint as credits, count(distinct c.account_id) as clients,
       min(c.due_at) as first_due_at, b.free, b.received, o.zone
from credits_to_come c
join account o on o.tenant_id = c.tenant_id and o.account_id = c.seller_id and not o.supply and o.state = 'open'
join balance b on b.tenant_id = c.tenant_id and b.account_id = c.seller_id and b.resource = 'credits'
where c.next_at < $1 and c.due_at < $1
group by c.tenant_id, c.seller_id, b.free, b.received, o.zone
having sum(c.credits) > b.free
order by c.tenant_id, c.seller_id;
