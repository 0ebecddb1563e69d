-- Sellers whose pool does not cover the renewals of their buyers that are due before an instant.
select s.tenant_id, s.seller_id, sum(s.credits)::bigint as credits, count(distinct s.account_id) as clients,
       min(s.due_at) as first_due_at, b.free, b.received, o.zone
from subscription s
join account o on o.tenant_id = s.tenant_id and o.account_id = s.seller_id and not o.supply and o.state = 'open'
join balance b on b.tenant_id = s.tenant_id and b.account_id = s.seller_id and b.resource = 'credits'
where s.due_at < $1 and s.state in ('active', 'past_due') and s.credits > 0
group by s.tenant_id, s.seller_id, b.free, b.received, o.zone
having sum(s.credits) > b.free
order by s.tenant_id, s.seller_id;
