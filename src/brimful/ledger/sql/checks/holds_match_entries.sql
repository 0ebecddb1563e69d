-- A hold pins the lots of what it holds; its entries, unless they are of months that are archived, have moved what it holds
-- and what was charged of it; it is there because a spend asked for it, and every such spend has its hold.
select h.tenant_id, format('hold %s is %s: holds %s, its lots say %s and its entries %s, charged %s, entries say %s', h.hold_id, h.state,
    h.held, coalesce(l.credits, 0), coalesce(e.held, 0), h.captured, coalesce(e.captured, 0)) as detail
from credit_hold h
left join (select tenant_id, hold_id, sum(credits) as credits from credit_hold_lot group by 1, 2) l using (tenant_id, hold_id)
left join (
    select tenant_id, operation_id,
        sum(amount) filter (where kind = 'hold') as placed,
        sum(case when target = 'held' then amount when source = 'held' then -amount else 0 end) as held,
        sum(amount) filter (where target = 'used') as captured
    from entry where kind in ('hold', 'capture', 'report', 'unhold') group by 1, 2
) e on e.tenant_id = h.tenant_id and e.operation_id = h.hold_id
where h.held <> coalesce(l.credits, 0)
   or e.placed > 0
      and (h.held <> coalesce(e.held, 0) or h.captured <> coalesce(e.captured, 0))
union all
select coalesce(s.tenant_id, h.tenant_id), format('hold %s of %s credits, asked for: %s', coalesce(h.hold_id, s.spend_id),
    coalesce(h.credits, 0), coalesce(s.credits, 0))
from (select * from spend where state = 'held') s
full join credit_hold h on h.tenant_id = s.tenant_id and h.hold_id = s.spend_id
where s.credits is distinct from h.credits or s.account_id is distinct from h.account_id
   or (s.held_as = 'lease') is distinct from h.leased;
