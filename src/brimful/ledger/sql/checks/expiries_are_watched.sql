-- What is free of a lot lapses when it ends: its balance is to be looked at then, or before (R36).
select b.tenant_id, format('%s: a lot with free credits ends at %s, the balance is looked at at %s', b.account_id, l.ends_at,
    coalesce(b.next_expiry_at::text, 'no time')) as detail
from balance b
join (
    select tenant_id, account_id, min(expires_at) as ends_at from lot where free > 0 and expires_at is not null group by 1, 2
) l using (tenant_id, account_id)
where b.resource = 'credits' and (b.next_expiry_at is null or b.next_expiry_at > l.ends_at);
