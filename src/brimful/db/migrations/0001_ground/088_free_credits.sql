-- What lots of an account that have ended by p_at still count as free, settled or not: spends before that took these lots
-- first (R36).
create function ended_lots_v1(p_tenant uuid, p_account uuid, p_unsettled bigint, p_at timestamptz)
returns bigint language sql stable set enable_seqscan = off as $$
    select greatest(0, coalesce(sum(l.free), 0) - p_unsettled)::bigint from lot l
    where l.tenant_id = p_tenant and l.account_id = p_account and l.free > 0 and l.expires_at <= p_at
$$;

-- The same of a balance. Before it is to be looked at (next_expiry_at) none of its lots has ended, so as a rule no lot is
-- read. PostgreSQL writes it out where it is called, as long as it is a single expression.
create function ended_credits_v1(b balance, p_at timestamptz) returns bigint language sql stable as $$
    select case when b.next_expiry_at <= p_at then ended_lots_v1(b.tenant_id, b.account_id, b.unsettled, p_at) else 0 end
$$;

-- The credits that an account has free, without those that have ended by p_at.
create function free_credits_v1(p_tenant uuid, p_account uuid, p_at timestamptz)
returns table (credits bigint) language sql stable as $$
    select b.free - ended_credits_v1(b, p_at)
    from balance b
    where b.tenant_id = p_tenant and b.account_id = p_account and b.resource = 'credits'
$$;
