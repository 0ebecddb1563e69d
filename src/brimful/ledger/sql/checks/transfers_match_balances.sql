select b.tenant_id, format('%s %s: sold %s received %s, transfers say %s and %s', b.account_id, b.resource, b.sold, b.received,
    coalesce(o.amount, 0), coalesce(i.amount, 0)) as detail
from balance b
left join (
    select tenant_id, seller_id, resource, sum(case kind when 'return' then -amount else amount end) as amount
    from transfer group by 1, 2, 3
) o on o.tenant_id = b.tenant_id and o.seller_id = b.account_id and o.resource = b.resource
left join (
    select tenant_id, buyer_id, resource, sum(case kind when 'return' then -amount else amount end) as amount
    from transfer group by 1, 2, 3
) i on i.tenant_id = b.tenant_id and i.buyer_id = b.account_id and i.resource = b.resource
where b.sold <> coalesce(o.amount, 0) or b.received <> coalesce(i.amount, 0);
