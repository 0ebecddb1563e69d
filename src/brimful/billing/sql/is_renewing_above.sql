-- Whether an account or one of its ancestors has something due, or a renewal under way.
select exists (
    select 1 from account a
    join subscription s on s.tenant_id = a.tenant_id and s.account_id = any (a.ancestors) and s.state <> 'ended' and s.wake_at <= $3
    where a.tenant_id = $1 and a.account_id = $2
) or exists (
    select 1 from account a
    join purchase p on p.tenant_id = a.tenant_id and p.buyer_id = any (a.ancestors) and p.origin = 'renewal'
                   and p.state not in ('authenticating', 'delivered', 'failed')
    where a.tenant_id = $1 and a.account_id = $2
);
