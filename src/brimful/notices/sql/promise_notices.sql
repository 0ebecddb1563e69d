-- Together: of those that were promised before, nothing (R42). A mail for each, and which endpoints asked for it: those of
-- its own account, and of any above that asked for its subtree; none hears of its own trouble. The platform's place in a
-- tenant is the platform.
with written as (
    insert into notice (tenant_id, notice_id, account_id, kind, subject_id, episode, title, body, facts, brand_id,
                        recipient, created_at)
    select a.tenant_id, n.notice_id, a.account_id, n.kind, n.subject_id, n.episode, n.title, n.body, n.facts,
           coalesce(a.parent_id, a.account_id), a.owner_email, $10
    from unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::jsonb[])
        as n (notice_id, account_id, kind, subject_id, episode, title, body, facts)
    join account a on a.tenant_id = $1 and a.account_id = n.account_id
    on conflict (tenant_id, account_id, recipient, kind, subject_id, episode) do nothing
    returning notice_id, account_id, kind, subject_id
), mailed as (
    insert into mail (tenant_id, notice_id, due_real_at) select $1, notice_id, $11 from written
)
select n.notice_id, e.endpoint_id, e.account_id as owner_id, n.kind
from written n
join account a on a.tenant_id = $1 and a.account_id = n.account_id
cross join platform p
join webhook_endpoint e on e.account_id = any (a.ancestors || p.platform_id)
where e.disabled_at is null
  and (e.kinds is null or n.kind = any (e.kinds))
  and (e.subtree or e.account_id = a.account_id or (a.supply and e.account_id = p.platform_id))
  and e.endpoint_id <> n.subject_id
order by n.notice_id, e.endpoint_id;
