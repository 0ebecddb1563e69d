-- Whether an account above has a renewal under way that may still bring what it is short of.
select exists (
    select 1 from account a
    join open_renewal r on r.tenant_id = a.tenant_id and r.buyer_id = any (a.ancestors) and r.buyer_id <> a.account_id
                       and r.state not in ('authenticating', 'canceling')
    where a.tenant_id = $1 and a.account_id = $2
);
