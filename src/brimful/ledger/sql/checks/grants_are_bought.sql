-- Every grant has its charge: what was transferred as a purchase belongs to one that is delivered, between the same two.
select t.tenant_id, format('transfer %s of %s %s belongs to no delivered purchase of its parties', t.transfer_id, t.amount, t.resource) as detail
from transfer t
left join purchase p on p.tenant_id = t.tenant_id and p.purchase_id = t.operation_id and p.state = 'delivered'
    and p.seller_id = t.seller_id and p.buyer_id = t.buyer_id
where t.kind = 'purchase' and p.purchase_id is null;
