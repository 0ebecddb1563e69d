select a.tenant_id, a.account_id, a.state, s.seller_ref as sold_by
from account_route r
join account a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
join account s on s.tenant_id = a.tenant_id and s.account_id = a.parent_id
where r.account_id = any ($1::uuid[]) and ($2::uuid is null or $2 = any (a.ancestors));
