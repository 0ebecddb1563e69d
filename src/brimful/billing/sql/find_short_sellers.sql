-- Sellers whose pool, without what has ended by $1, does not cover the renewals of their buyers that are due, and begun or
-- tried again, before $2.
with due as (
    select c.tenant_id, c.seller_id, sum(c.credits)::bigint as credits, count(distinct c.account_id) as clients,
           min(c.due_at) as first_due_at
    from credits_to_come c
    where c.next_at < $2 and c.due_at < $2
    group by c.tenant_id, c.seller_id
)
select d.tenant_id, d.seller_id, d.credits, d.clients, d.first_due_at, b.received, o.zone
from due d
join account o on o.tenant_id = d.tenant_id and o.account_id = d.seller_id and not o.supply and o.state = 'open'
join balance b on b.tenant_id = d.tenant_id and b.account_id = d.seller_id and b.resource = 'credits'
where d.credits > b.free - ended_credits_v1(b, $1)
order by d.tenant_id, d.seller_id;
