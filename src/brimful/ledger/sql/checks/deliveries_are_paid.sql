-- Nobody is served unpaid: a delivered purchase has its captured charge, or its receivable, or cost nothing. A hold
-- that its seller's gateway account captured by itself is delivered or given back; until then the purchase is open.
select p.tenant_id, format('purchase %s (%s) is %s, its charge %s', p.purchase_id, p.mode, p.state, coalesce(c.state, 'none')) as detail
from purchase p
left join charge c on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id
left join receivable r on r.tenant_id = p.tenant_id and r.purchase_id = p.purchase_id
where (p.state = 'delivered' and p.mode <> 'receivable' and c.state is distinct from 'captured')
   or (p.state = 'delivered' and p.mode = 'receivable' and p.amount_minor > 0 and r.amount_minor is distinct from p.amount_minor)
   or (c.state = 'captured' and p.state <> 'delivered' and not (p.mode = 'hold' and p.state in ('waiting', 'capturing', 'canceling')))
   or (p.state = 'failed' and c.state is not null and c.state not in ('canceled', 'refunded'));
