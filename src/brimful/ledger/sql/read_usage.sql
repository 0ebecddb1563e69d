-- What an account used up to $3, by hour for so long before it ($4) and by minute for so long ($5): the sums carried so
-- far, and the entries since. One statement, so that none is in both.
select grain, starts_at, sum(credits)::bigint as credits, max(largest) as largest
from (
    select s.grain, s.starts_at, s.credits, s.largest from usage_sum s
    where s.tenant_id = $1 and s.account_id = $2
    union all
    select g.grain, date_trunc(g.grain, e.at, 'UTC'), e.amount, case e.kind when 'report' then 1 else e.amount end
    from entry e
    cross join (values ('hour'), ('minute')) g (grain)
    where e.tenant_id = $1 and e.account_id = $2 and e.resource = 'credits' and e.target = 'used'
      and (e.kind in ('spend', 'capture') or e.kind = 'report' and g.grain = 'hour')
      and e.seq > coalesce((select m.seq from usage_mark m where m.tenant_id = $1 and m.account_id = $2), 0)
) u
where starts_at > $3::timestamptz - case grain when 'hour' then $4::interval else $5::interval end
group by grain, starts_at;
