-- The pools that are touched when sellers cannot charge any more: theirs, those of all below them that buy
-- automatically, with their sellers', and those of whoever is buying from them.
select unnest(array[a.account_id, a.parent_id]) as account_id
from account a
join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id
where a.tenant_id = $1 and a.ancestors && $2::uuid[] and a.parent_id is not null and s.enabled
union
select unnest(array[p.buyer_id, p.seller_id])
from purchase p
where p.tenant_id = $1 and p.seller_id = any ($2::uuid[]) and p.state not in ('delivered', 'failed')
union
select unnest($2::uuid[]);
