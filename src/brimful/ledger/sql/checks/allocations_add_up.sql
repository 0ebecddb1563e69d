select p.tenant_id, format('purchase %s cost %s, allocated %s', p.purchase_id, p.amount_minor, sum(d.allocated_minor)) as detail
from purchase p
join purchase_demand d using (tenant_id, purchase_id)
where p.automatic
group by p.tenant_id, p.purchase_id, p.amount_minor
having sum(d.allocated_minor) <> p.amount_minor;
