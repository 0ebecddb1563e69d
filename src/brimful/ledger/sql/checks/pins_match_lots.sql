-- What is pinned of a lot is what the demands and holds of its own account pin of it, one by one (R20).
with pins as (
    select r.tenant_id, r.lot_id, d.account_id, r.credits from reservation r
    join demand d on d.tenant_id = r.tenant_id and d.demand_id = r.demand_id
    union all
    select l.tenant_id, l.lot_id, h.account_id, l.credits from credit_hold_lot l
    join credit_hold h on h.tenant_id = l.tenant_id and h.hold_id = l.hold_id
), summed as (
    select tenant_id, lot_id, account_id, sum(credits) as credits from pins group by 1, 2, 3
)
select coalesce(l.tenant_id, p.tenant_id) as tenant_id, format('lot %s of %s: pinned %s, demands and holds of %s say %s',
    coalesce(l.lot_id, p.lot_id), l.account_id, coalesce(l.pinned, 0), p.account_id, coalesce(p.credits, 0)) as detail
from (select * from lot where pinned > 0) l
full join summed p on p.tenant_id = l.tenant_id and p.lot_id = l.lot_id and p.account_id = l.account_id
where coalesce(l.pinned, 0) <> coalesce(p.credits, 0);
