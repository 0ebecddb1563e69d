insert into notice (tenant_id, notice_id, account_id, kind, subject_id, episode, title, body, facts, brand_id,
                    recipient, created_at)
select a.tenant_id, $2, a.account_id, $4, $5, $6, $7, $8, $9, coalesce(a.parent_id, a.account_id), a.owner_email, $10
from account a
where a.tenant_id = $1 and a.account_id = $3
on conflict (tenant_id, account_id, recipient, kind, subject_id, episode) do nothing
returning notice_id;
