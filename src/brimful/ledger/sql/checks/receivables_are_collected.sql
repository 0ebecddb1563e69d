-- What is owed stands for the charge of its grant until another charge collects it (R26): a purchase costs what its lines
-- cost, collects what its line for that says, and nothing once it has failed. Who owes, and to whom, is whose purchase it is.
select p.tenant_id, format('purchase %s (%s) costs %s, its lines %s, and has collected %s, its lines %s', p.purchase_id, p.state,
    p.amount_minor, coalesce(l.costs, 0), coalesce(r.owed, 0), coalesce(l.collects, 0)) as detail
from purchase p
left join (
    select tenant_id, purchase_id, sum(amount_minor) filter (where kind <> 'receivable') as costs,
        sum(amount_minor) filter (where kind = 'receivable') as collects
    from purchase_line group by 1, 2) l using (tenant_id, purchase_id)
left join (
    select tenant_id, collected_by as purchase_id, sum(amount_minor) as owed
    from receivable where collected_by is not null group by 1, 2) r using (tenant_id, purchase_id)
where p.amount_minor <> coalesce(l.costs, 0)
   or coalesce(r.owed, 0) <> case when p.state = 'failed' then 0 else coalesce(l.collects, 0) end
union all
select r.tenant_id, format('receivable %s of %s is collected by %s', r.receivable_id, r.amount_minor, r.collected_by)
from receivable r
left join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.collected_by
where r.collected_by is not null
  and (p.buyer_id is distinct from r.account_id or p.seller_id is distinct from r.seller_id or p.currency <> r.currency);
