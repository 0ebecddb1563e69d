select d.tenant_id, d.delivery_id, d.notice_id, d.kind, d.tries, d.created_at, n.title, n.body, n.facts,
       case when a.supply then p.platform_id else coalesce(a.account_id, d.owner_id) end as account_id, a.external_id
from webhook_delivery d
cross join platform p
left join notice n on n.tenant_id = d.tenant_id and n.notice_id = d.notice_id
left join account a on a.tenant_id = n.tenant_id and a.account_id = n.account_id
where d.endpoint_id = $1 and d.state = 'due' and d.due_real_at <= $2
order by d.delivery_id limit $3;
