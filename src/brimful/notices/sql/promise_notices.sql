-- Together: of those that were promised before, nothing (R42).
insert into notice (tenant_id, notice_id, account_id, kind, subject_id, episode, title, body, facts, brand_id,
                    recipient, created_at)
select a.tenant_id, n.notice_id, a.account_id, n.kind, n.subject_id, n.episode, n.title, n.body, n.facts,
       coalesce(a.parent_id, a.account_id), a.owner_email, $10
from unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::jsonb[])
    as n (notice_id, account_id, kind, subject_id, episode, title, body, facts)
join account a on a.tenant_id = $1 and a.account_id = n.account_id
on conflict (tenant_id, account_id, recipient, kind, subject_id, episode) do nothing
returning notice_id;
