-- Whether an account or one of its ancestors has something due, or a renewal under way.
select exists (
    select 1 from account a
    join subscription s on s.tenant_id = a.tenant_id and s.account_id = any (a.ancestors) and s.state <> 'ended' and s.wake_at <= $3
    where a.tenant_id = $1 and a.account_id = $2
) or exists (
    select 1 from account a
    join open_renewal r on r.tenant_id = a.tenant_id and r.buyer_id = any (a.ancestors) and r.state <> 'authenticating'
    where a.tenant_id = $1 and a.account_id = $2
);
