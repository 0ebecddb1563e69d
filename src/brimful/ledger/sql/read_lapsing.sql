-- What has ended and is not yet settled: spends before it took these lots first.
select greatest(0, coalesce(sum(l.free), 0) - b.unsettled)::bigint
from balance b
left join lot l on l.tenant_id = b.tenant_id and l.account_id = b.account_id and l.free > 0 and l.expires_at <= $3
where b.tenant_id = $1 and b.account_id = $2 and b.resource = 'credits'
group by b.unsettled;
