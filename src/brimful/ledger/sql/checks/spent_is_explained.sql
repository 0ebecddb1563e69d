-- What was used was spent, under the keys that are there or under those that are forgotten, or captured of holds.
select b.tenant_id, format('%s has used %s credits, spends say %s and holds %s', b.account_id, b.used,
    coalesce(s.credits, 0) + coalesce(f.credits, 0), coalesce(h.captured, 0)) as detail
from balance b
left join (select tenant_id, account_id, sum(credits) as credits from spend where state = 'done' group by 1, 2) s
    using (tenant_id, account_id)
left join (select tenant_id, account_id, sum(captured) as captured from credit_hold group by 1, 2) h using (tenant_id, account_id)
left join forgotten_spend f using (tenant_id, account_id)
where b.resource = 'credits'
  and b.used <> coalesce(s.credits, 0) + coalesce(f.credits, 0) + coalesce(h.captured, 0);
