-- What a lot returned is what transfers say, and it went to lots from which it had come.
select l.tenant_id, format('lot %s has returned %s of %s, transfers say %s', l.lot_id, l.returned, l.amount, coalesce(r.amount, 0)) as detail
from lot l
left join (select tenant_id, returns, sum(amount) as amount from transfer where kind = 'return' group by 1, 2) r
    on r.tenant_id = l.tenant_id and r.returns = l.transfer_id
where l.returned <> coalesce(r.amount, 0)
union all
select t.tenant_id, format('transfer %s returned %s, lots say %s', t.transfer_id, t.amount, coalesce(b.credits, 0))
from transfer t
join account s on s.tenant_id = t.tenant_id and s.account_id = t.seller_id and not s.supply
left join (select tenant_id, transfer_id, sum(credits) as credits from transfer_lot group by 1, 2) b
    on b.tenant_id = t.tenant_id and b.transfer_id = t.transfer_id
where t.kind = 'return' and t.resource = 'credits' and t.amount <> coalesce(b.credits, 0)
union all
select r.tenant_id, format('lot %s was given back %s by returns of transfer %s, which took %s', b.lot_id, sum(b.credits), r.returns,
    coalesce(max(c.credits), 0))
from transfer r
join transfer_lot b on b.tenant_id = r.tenant_id and b.transfer_id = r.transfer_id
left join transfer_lot c on c.tenant_id = r.tenant_id and c.transfer_id = r.returns and c.lot_id = b.lot_id
where r.kind = 'return'
group by r.tenant_id, b.lot_id, r.returns
having sum(b.credits) > coalesce(max(c.credits), 0);
