-- What a lot returned, less what was restored to it since, is what transfers say, and it went to lots from which it had come.
select l.tenant_id, format('lot %s has returned %s of %s, transfers say %s', l.lot_id, l.returned, l.amount, coalesce(r.amount, 0)) as detail
from lot l
left join (
    select tenant_id, returns, sum(case kind when 'return' then amount else -amount end) as amount
    from transfer where returns is not null group by 1, 2
) r on r.tenant_id = l.tenant_id and r.returns = l.transfer_id
where l.returned <> coalesce(r.amount, 0)
union all
select t.tenant_id, format('transfer %s is a %s of %s, lots say %s', t.transfer_id, t.kind, t.amount, coalesce(b.credits, 0))
from transfer t
join account s on s.tenant_id = t.tenant_id and s.account_id = t.seller_id and not s.supply
left join (select tenant_id, transfer_id, sum(credits) as credits from transfer_lot group by 1, 2) b
    on b.tenant_id = t.tenant_id and b.transfer_id = t.transfer_id
where t.kind in ('return', 'restore') and t.resource = 'credits' and t.amount <> coalesce(b.credits, 0)
union all
select f.tenant_id, format('lot %s was given back %s more by returns of transfer %s than were taken of it', b.lot_id,
    sum(case f.kind when 'return' then b.credits else -b.credits end), coalesce(f.returns, f.transfer_id))
from transfer f
join transfer_lot b on b.tenant_id = f.tenant_id and b.transfer_id = f.transfer_id
group by f.tenant_id, b.lot_id, coalesce(f.returns, f.transfer_id)
having sum(case f.kind when 'return' then b.credits else -b.credits end) > 0;
