-- Every grant has its charge: what was transferred as a purchase belongs to one that is delivered.
select t.tenant_id, format('transfer %s of %s %s belongs to no delivered purchase', t.transfer_id, t.amount, t.resource) as detail
from transfer t
left join purchase p on p.tenant_id = t.tenant_id and p.purchase_id = t.operation_id and p.state = 'delivered'
where t.kind = 'purchase' and p.purchase_id is null;
