-- What is sold or allotted comes out of lots of the seller's, unless that is the supply, and is a lot of the buyer's (R3).
select t.tenant_id, format('transfer %s of %s credits: %s of lots of the seller''s, a lot of the buyer''s of %s', t.transfer_id, t.amount,
    coalesce(o.credits, 0), coalesce(l.amount, 0)) as detail
from transfer t
join account s on s.tenant_id = t.tenant_id and s.account_id = t.seller_id
left join lot l on l.tenant_id = t.tenant_id and l.transfer_id = t.transfer_id and l.account_id = t.buyer_id
left join (
    select b.tenant_id, b.transfer_id, lot.account_id, sum(b.credits) as credits from transfer_lot b
    join lot on lot.tenant_id = b.tenant_id and lot.lot_id = b.lot_id
    group by 1, 2, 3
) o on o.tenant_id = t.tenant_id and o.transfer_id = t.transfer_id and o.account_id = t.seller_id
where t.resource = 'credits' and t.kind in ('purchase', 'allotment')
  and (l.amount is distinct from t.amount or coalesce(o.credits, 0) <> case when s.supply then 0 else t.amount end);
