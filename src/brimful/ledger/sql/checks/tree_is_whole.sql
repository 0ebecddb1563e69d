-- Every account stands below its seller, and its ancestors are its seller's and itself (R1, R40).
select a.tenant_id, format('%s has the ancestors %s, its seller %s has %s', a.account_id, a.ancestors, a.parent_id, p.ancestors) as detail
from account a
left join account p on p.tenant_id = a.tenant_id and p.account_id = a.parent_id
where a.ancestors <> coalesce(p.ancestors, '{}') || a.account_id or p.supply <> (a.account_id = a.tenant_id);
