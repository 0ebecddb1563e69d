-- Which endpoints asked for notices: those of their own accounts, and of any above that asked for its subtree; none
-- hears of its own trouble. The platform's place in a tenant is the platform.
select n.notice_id, e.endpoint_id, e.account_id as owner_id, n.kind
from notice n
join account a on a.tenant_id = n.tenant_id and a.account_id = n.account_id
cross join platform p
join webhook_endpoint e on e.account_id = any (a.ancestors || p.platform_id)
where n.tenant_id = $1 and n.notice_id = any ($2::uuid[]) and e.disabled_at is null
  and (e.kinds is null or n.kind = any (e.kinds))
  and (e.subtree or e.account_id = a.account_id or (a.supply and e.account_id = p.platform_id))
  and e.endpoint_id <> n.subject_id
order by n.notice_id, e.endpoint_id;
