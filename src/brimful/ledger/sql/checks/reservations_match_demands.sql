select d.tenant_id, format('demand %s has reserved %s credits, its lots say %s', d.demand_id, d.reserved_credits, coalesce(r.credits, 0)) as detail
from demand d
left join (select tenant_id, demand_id, sum(credits) as credits from reservation group by 1, 2) r using (tenant_id, demand_id)
where d.reserved_credits <> coalesce(r.credits, 0);
