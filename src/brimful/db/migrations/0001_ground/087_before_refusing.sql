-- What an account or one of its ancestors has that is due by p_at, or renews already: a row for each (R35).
create function renewing_above_v1(p_tenant uuid, p_account uuid, p_at timestamptz)
returns table (account_id uuid) language sql stable as $$
    select s.account_id from account a
    join subscription s on s.tenant_id = a.tenant_id and s.account_id = any (a.ancestors) and s.state <> 'ended' and s.wake_at <= p_at
    where a.tenant_id = p_tenant and a.account_id = p_account
    union all
    select r.buyer_id from account a
    join open_renewal r on r.tenant_id = a.tenant_id and r.buyer_id = any (a.ancestors) and r.state <> 'authenticating'
    where a.tenant_id = p_tenant and a.account_id = p_account
$$;

-- The credits that an account has free, without those that have ended by p_at, settled or not: spends before that took these
-- lots first (R36).
create function free_credits_v1(p_tenant uuid, p_account uuid, p_at timestamptz)
returns table (credits bigint) language sql stable as $$
    select (b.free - greatest(0, coalesce((
               select sum(l.free) from lot l
               where l.tenant_id = b.tenant_id and l.account_id = b.account_id and l.free > 0 and l.expires_at <= p_at
           ), 0) - b.unsettled))::bigint
    from balance b
    where b.tenant_id = p_tenant and b.account_id = p_account and b.resource = 'credits'
$$;
