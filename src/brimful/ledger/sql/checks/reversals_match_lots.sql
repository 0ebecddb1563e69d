-- What refunds and disputes took back and set aside of a line is what its lot, and transfers, say (R25).
select l.tenant_id, format('lot %s has %s frozen, reversals say %s', l.lot_id, l.frozen, coalesce(r.frozen, 0)) as detail
from lot l
left join reversal r on r.tenant_id = l.tenant_id and r.lot_id = l.lot_id
where l.frozen <> coalesce(r.frozen, 0)
union all
select l.tenant_id, format('line %s of purchase %s: %s were taken back, transfers say %s', l.line, l.purchase_id,
    coalesce(r.taken, 0), coalesce(t.taken, 0))
from purchase_line l
left join reversal r on r.tenant_id = l.tenant_id and r.purchase_id = l.purchase_id and r.line = l.line
left join (
    select tenant_id, operation_id, returns, sum(case kind when 'return' then amount else -amount end) as taken
    from transfer where returns is not null group by 1, 2, 3
) t on t.tenant_id = l.tenant_id and t.operation_id = l.purchase_id and t.returns = l.transfer_id
where coalesce(r.taken, 0) <> coalesce(t.taken, 0)
union all
-- Something asked for it.
select r.tenant_id, format('line %s of purchase %s: %s taken and %s frozen without a refund or a dispute', r.line, r.purchase_id,
    r.taken, r.frozen)
from reversal r
where (r.taken > r.owed and not exists (
        select 1 from refund f where f.tenant_id = r.tenant_id and f.purchase_id = r.purchase_id and f.state = 'succeeded')
      and not exists (
        select 1 from dispute d where d.tenant_id = r.tenant_id and d.purchase_id = r.purchase_id and d.state = 'lost'))
   or (r.frozen > 0 and not exists (
        select 1 from refund f
        where f.tenant_id = r.tenant_id and f.purchase_id = r.purchase_id and f.state in ('requested', 'pending'))
      and not exists (
        select 1 from dispute d where d.tenant_id = r.tenant_id and d.purchase_id = r.purchase_id and d.state = 'open'));
