-- Every captured charge has its purchase, and takes what the lines of the purchase cost.
select c.tenant_id, format('charge %s of %s is %s, its purchase %s costs %s', c.charge_id, c.amount_minor, c.state,
    coalesce(p.state, 'missing'), coalesce(l.amount_minor, 0)) as detail
from charge c
left join purchase p using (tenant_id, purchase_id)
left join (select tenant_id, purchase_id, sum(amount_minor) as amount_minor from purchase_line group by 1, 2) l
    using (tenant_id, purchase_id)
where (c.state = 'captured' and p.purchase_id is null) or c.amount_minor is distinct from l.amount_minor;
