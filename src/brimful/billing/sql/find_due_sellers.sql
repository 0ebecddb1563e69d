-- Sellers whose buyers have something due, those nearest to the root first: ancestors renew before descendants (R35).
select s.tenant_id, s.seller_id
from subscription s
join account a on a.tenant_id = s.tenant_id and a.account_id = s.seller_id
where s.wake_at <= $1 and s.state <> 'ended'
group by s.tenant_id, s.seller_id, cardinality(a.ancestors)
order by cardinality(a.ancestors), min(s.wake_at)
limit $2;
