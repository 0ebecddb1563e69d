select b.tenant_id, format('%s: free %s + unsettled %s, reserved %s, held %s (%s by holds), lots free %s, pinned %s, frozen %s, lapsed %s (lots %s)', b.account_id, b.free,
    b.unsettled, b.reserved, b.held, coalesce(h.held, 0), coalesce(l.free, 0), coalesce(l.pinned, 0), coalesce(l.frozen, 0), b.lapsed, coalesce(l.lapsed, 0)) as detail
from balance b
left join (
    select tenant_id, account_id, sum(free) as free, sum(pinned) as pinned, sum(frozen) as frozen,
        sum(lapsed) as lapsed
    from lot group by 1, 2
) l using (tenant_id, account_id)
left join (select tenant_id, account_id, sum(held) as held from credit_hold group by 1, 2) h using (tenant_id, account_id)
where b.resource = 'credits'
  and (b.free + b.unsettled <> coalesce(l.free, 0) or b.reserved + coalesce(h.held, 0) <> coalesce(l.pinned, 0)
       or b.held <> coalesce(l.frozen, 0) + coalesce(h.held, 0) or b.lapsed <> coalesce(l.lapsed, 0));
