-- What forecasts are made of is what the entries say, by hour, up to the last one carried into the sums.
with counted as (
    select e.tenant_id, e.account_id, date_trunc('hour', e.at, 'UTC') as starts_at, sum(e.amount) as credits
    from entry e
    join usage_mark m using (tenant_id, account_id)
    where e.resource = 'credits' and e.kind in ('spend', 'capture', 'report') and e.target = 'used' and e.seq <= m.seq
      and e.at >= date_trunc('hour', m.carried_at - interval '28 days', 'UTC')
    group by 1, 2, 3
), kept as (
    select s.tenant_id, s.account_id, s.starts_at, s.credits
    from usage_sum s
    join usage_mark m using (tenant_id, account_id)
    where s.grain = 'hour' and s.starts_at >= date_trunc('hour', m.carried_at - interval '28 days', 'UTC')
)
select tenant_id, format('%s used %s credits in the hour from %s, its sums say %s', account_id, coalesce(c.credits, 0),
    starts_at, coalesce(k.credits, 0)) as detail
from counted c
full join kept k using (tenant_id, account_id, starts_at)
where coalesce(c.credits, 0) <> coalesce(k.credits, 0);
