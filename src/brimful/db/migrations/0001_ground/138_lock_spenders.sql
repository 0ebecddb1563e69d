-- Whose each spend is: its tenant and its account, as the API key says that asks for it, or nulls where there is no such key,
-- it may not command the account, or the account is closed (R40). A single hash is that of all spends; where there is none, the
-- tenant is the one that is given. Each key is looked up once for each account.
-- A function of SQL that is stable and has no settings costs no call: PostgreSQL makes it a part of the statement that asks.
create function who_spends_v1(p_secrets bytea[], p_tenants uuid[], p_accounts uuid[])
returns table (place bigint, tenant_id uuid, account_id uuid) language sql stable as $$
    select p.place, t.tenant_id, case when t.tenant_id is not null then g.account_id end
    from (
        select case when cardinality(p_secrets) = 1 then p_secrets[1] else n.secret_hash end as secret_hash,
            n.tenant_id, n.account_id, array_agg(n.place) as places
        from unnest(p_secrets, p_tenants, p_accounts) with ordinality n (secret_hash, tenant_id, account_id, place)
        group by 1, 2, 3
    ) g
    left join lateral (
        select g.tenant_id where g.secret_hash is null
        union all
        select a.tenant_id
        from (
            select k.tenant_id, k.account_id from api_key k
            where k.secret_hash = g.secret_hash and k.revoked_at is null and not k.read_only limit 1
        ) k
        cross join lateral (select r.tenant_id from account_route r where r.account_id = g.account_id limit 1) r
        cross join lateral (
            select a.tenant_id, a.ancestors from account a
            where a.tenant_id = r.tenant_id and a.account_id = g.account_id and a.state = 'open' and not a.supply limit 1
        ) a
        where k.tenant_id is null or (k.tenant_id = a.tenant_id and k.account_id = any (a.ancestors))
    ) t on true
    cross join lateral unnest(g.places) p (place)
$$;

-- Locks the balances that spends are of, with nothing in them that has ended, and answers what count_spends_v1 counts from.
-- Tenants and accounts are those of the spends; where p_secrets is not null, they are found by it, and of what is barred both
-- are nobody's. Rows, what is free and so on are of each account in the order of their ids, nulls where another has it. The most
-- that may be taken is what is free and, where that is less than what is asked for, what may be overdrawn yet (R33). Busy are
-- accounts that others have, nobody among them; twice are those of which one key comes more than once.
create function lock_spenders_v1(
    inout p_tenants uuid[], inout p_accounts uuid[], p_keys text[], p_credits bigint[], p_secrets bytea[], p_at timestamptz,
    p_wait boolean, out p_rows tid[], out p_free bigint[], out p_overdrawn bigint[], out p_seq bigint[], out p_most bigint[],
    out p_busy uuid[], out p_twice uuid[]
) language plpgsql as $$
declare
    v_tenants uuid[];
    v_accounts uuid[];
    -- Less is free than is asked for; and something has ended that is still in what is free.
    v_lacks boolean[];
    v_over boolean[];
    v_one record;
    -- Whose place a barred spend takes, and whose everything else finds to be held by others.
    v_nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    v_had boolean := false;
begin
    -- Before it is looked at who may spend: the account may have moved, or the key be revoked, when it is had.
    if p_wait then
        perform 1 from balance
        where tenant_id = coalesce((select r.tenant_id from account_route r where r.account_id = p_accounts[1]), p_tenants[1])
          and account_id = p_accounts[1] and resource = 'credits' for update;
        v_had := found;
    end if;
    if p_secrets is not null then
        select array_agg(coalesce(w.tenant_id, v_nobody) order by w.place),
            array_agg(coalesce(w.account_id, v_nobody) order by w.place)
        into p_tenants, p_accounts from who_spends_v1(p_secrets, p_tenants, p_accounts) w;
    end if;
    if p_wait and not v_had and p_accounts[1] <> v_nobody then
        raise exception 'account % has no balance', p_accounts[1];
    end if;
    -- Until nothing that has ended is in what is locked: whoever was let go by others meanwhile is locked by now, too (R36).
    loop
        select array_agg(n.tenant_id), array_agg(n.account_id), array_agg(b.row_id), array_agg(b.free), array_agg(b.free),
            array_agg(b.overdrawn), array_agg(b.seq), array_agg(b.is_over), array_agg(b.free < n.credits),
            coalesce(array_agg(n.account_id) filter (where b.row_id is null), '{}')
        into v_tenants, v_accounts, p_rows, p_free, p_most, p_overdrawn, p_seq, v_over, v_lacks, p_busy
        from (
            select n.tenant_id, n.account_id, sum(n.credits) as credits
            from unnest(p_tenants, p_accounts, p_credits) n (tenant_id, account_id, credits) group by 1, 2 order by 1, 2
        ) n
        left join lateral (
            select b.ctid as row_id, b.free, b.overdrawn, b.seq, coalesce(b.next_expiry_at <= p_at, false) as is_over from balance b
            where b.tenant_id = n.tenant_id and b.account_id = n.account_id and b.resource = 'credits' for update skip locked
        ) b on true;
        exit when (true = any (v_over)) is not true;
        for v_one in select n.* from unnest(v_tenants, v_accounts, v_over) n (tenant_id, account_id, is_over) where n.is_over loop
            perform settle_v1(v_one.tenant_id, v_one.account_id, p_at);
        end loop;
    end loop;
    if true = any (v_lacks) then
        p_most := array(
            select n.free + greatest(0, coalesce(o.limit_credits - n.overdrawn, 0))
            from unnest(v_tenants, v_accounts, p_free, p_overdrawn, v_lacks) with ordinality
                n (tenant_id, account_id, free, overdrawn, lacks, nth)
            left join lateral (
                select o.limit_credits from overdraft o
                where n.lacks and o.tenant_id = n.tenant_id and o.account_id = n.account_id limit 1
            ) o on true
            order by n.nth
        );
    end if;
    p_twice := array(
        select n.account_id from unnest(p_accounts, p_keys) n (account_id, key)
        where n.account_id <> all (p_busy) group by n.account_id, n.key having count(*) > 1
    );
end $$;
