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
