-- What a purchase was to buy, and whether the subscription that it names was there before it.
select l.package_id, l.quantity, l.subscription_id,
       exists (
           select 1 from subscription s where s.tenant_id = l.tenant_id and s.subscription_id = l.subscription_id
       ) as has_begun
from purchase_line l
where l.tenant_id = $1 and l.purchase_id = $2 and l.kind <> 'receivable'
order by l.line;
