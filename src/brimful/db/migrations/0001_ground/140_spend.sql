-- What spends have taken together when each takes all that it asks for, or nothing where that would be more than there
-- is: one that is refused does not stand in the way of a smaller one behind it (R2). The complement of it where the last was
-- refused.
create function take_in_turn_v1(p_taken bigint, p_credits bigint, p_most bigint) returns bigint
language plpgsql immutable parallel safe as $$
begin
    if p_taken < 0 then
        p_taken := ~p_taken;
    end if;
    if p_taken + p_credits > p_most then
        return ~p_taken;
    end if;
    return p_taken + p_credits;
end $$;
create aggregate taken_in_turn_v1 (bigint, bigint) (sfunc = take_in_turn_v1, stype = bigint, initcond = '0');

-- What becomes of each spend whose balance is locked (lock_spenders_v1), but for those of accounts where a key comes twice: its
-- answer and what is to be written for it. "before" is what those before it in its account take, "entries" how many entries
-- the account has with it, "known" the state in which its key was found; row_id, free and seq are its balance's when it was
-- locked. No call, but a part of the statement that asks (who_spends_v1).
create function count_spends_v1(
    p_tenants uuid[], p_accounts uuid[], p_keys text[], p_hashes bytea[], p_spends uuid[], p_credits bigint[],
    p_models text[], p_messages bigint[], p_rows tid[], p_free bigint[], p_overdrawn bigint[], p_seq bigint[], p_most bigint[],
    p_busy uuid[], p_twice uuid[]
) returns table (
    place bigint, tenant_id uuid, account_id uuid, key text, body_hash bytea, spend_id uuid, credits bigint, model text,
    messages bigint, row_id tid, free bigint, seq bigint, known text, is_done boolean, before bigint, from_free bigint,
    entries bigint, outcome text, balance_after bigint
) language sql stable as $$
    with placed as (
        select n.*, dense_rank() over (order by n.tenant_id, n.account_id) as nth
        from unnest(p_tenants, p_accounts, p_keys, p_hashes, p_spends, p_credits, p_models, p_messages)
            with ordinality n (tenant_id, account_id, key, body_hash, spend_id, credits, model, messages, place)
    ), asked as (
        select n.*, s.spend_id as known_id, s.credits as known_credits, s.balance_after as known_after, s.state as known,
            case when s.body_hash <> n.body_hash then 'conflict'
                 when s.state in ('done', 'waiting') then s.state
                 when s.state is null and c.key is not null then 'conflict' end as told,
            p_rows[n.nth] as row_id, p_free[n.nth] as free, p_overdrawn[n.nth] as overdrawn, p_seq[n.nth] as seq,
            p_most[n.nth] as most
        from placed n
        left join lateral (
            select s.spend_id, s.credits, s.balance_after, s.state, s.body_hash from spend s
            where s.tenant_id = n.tenant_id and s.account_id = n.account_id and s.key = n.key limit 1
        ) s on true
        left join lateral (
            select c.key from command c where c.tenant_id = n.tenant_id and c.account_id = n.account_id and c.key = n.key limit 1
        ) c on true
        where n.account_id <> all (p_busy) and n.account_id <> all (p_twice)
    ), taking as (
        select t.*, t.told is null and t.taken >= 0 as is_done,
            case when t.taken >= 0 then t.taken - t.credits else ~t.taken end as before
        from (
            select a.*, taken_in_turn_v1(a.credits, a.most) filter (where a.told is null) over w as taken
            from asked a
            window w as (partition by a.nth order by a.place rows unbounded preceding)
        ) t
    ), numbered as (
        select t.*, greatest(0, t.free - t.taken) - t.overdrawn - greatest(0, t.taken - t.free) as left_after,
            sum(case when t.from_free between 1 and t.credits - 1 then 2 else 1 end) filter (where t.is_done) over w as entries
        from (select t.*, least(t.credits, greatest(0, t.free - t.before)) as from_free from taking t) t
        window w as (partition by t.nth order by t.place rows unbounded preceding)
    )
    select n.place, n.tenant_id, n.account_id, n.key, n.body_hash,
        coalesce(case when n.told is not null then n.known_id end, n.spend_id),
        coalesce(case when n.told is not null then n.known_credits end, n.credits), n.model, n.messages,
        n.row_id, n.free, n.seq, n.known, n.is_done, n.before, n.from_free, n.entries,
        coalesce(case when n.is_done then 'done' end, n.told, 'short'),
        case when n.is_done then n.left_after
             when n.told is null then greatest(0, n.free - n.before)
             when n.told <> 'conflict' then n.known_after end
    from numbered n
$$;

-- Settles the spends of accounts of which one key comes more than once, one after the other: what the second of two requests
-- with one key is answered depends on what became of the first.
create function spend_twins_v1(
    p_tenants uuid[], p_accounts uuid[], p_keys text[], p_hashes bytea[], p_spends uuid[], p_credits bigint[],
    p_models text[], p_messages bigint[], p_twice uuid[], p_at timestamptz
) returns table (
    place bigint, outcome text, spend_id uuid, credits bigint, balance_after bigint, tenant_id uuid
) language plpgsql as $$
#variable_conflict use_column
declare
    v_one record;
begin
    for v_one in
        select n.* from unnest(p_tenants, p_accounts, p_keys, p_hashes, p_spends, p_credits, p_models, p_messages)
            with ordinality n (tenant_id, account_id, key, body_hash, spend_id, credits, model, messages, place)
        where n.account_id = any (p_twice) order by n.place
    loop
        return query select v_one.place, o.outcome, o.spend_id, o.credits, o.balance_after, v_one.tenant_id
            from spend_many_v1(array[v_one.tenant_id], array[v_one.account_id], array[v_one.key], array[v_one.body_hash],
                array[v_one.spend_id], array[v_one.credits], array[v_one.model], array[v_one.messages], null, p_at, false) o;
    end loop;
end $$;

-- Spends of any accounts, each settled as if they had come one after the other: what finds enough, or is short by no more
-- than its account may overdraw (R33), has its key, debit and entries; of the others it is said why, and nothing of
-- them is changed. All rows are at one time. Balances are locked in one order, and where another transaction has one,
-- whoever wants it is told "busy" instead of keeping the rest waiting; p_wait waits for the account of the first.
-- A spend whose p_secrets has the hash of an API key is settled only if that key may command its account and the account is
-- open (R40), and in its account's tenant, whatever p_tenants says; else it is "barred". A single hash is that of all spends;
-- p_tenants, p_models, p_messages and p_secrets may be null if there are none. Where there are hashes, what needs more
-- of whoever asked than to be told "done" has its tenant with it.
-- The answers come in no order: each names its request's place, from 1; of what is done now, id and credits are null, for they
-- are those that were asked for.
-- Rows are looked up by their keys, whatever the planner believes: a plan that was made while tables were small is kept while they grow. So no scan of a table and no join
-- that needs one is allowed, here and in what is called from here, and each lookup stands in a subquery of its own, where its
-- keys are all that it can go by: a join may as well read all of an index and compare, which costs nothing where the table is
-- believed to be empty.
create function spend_many_v1(
    p_tenants uuid[], p_accounts uuid[], p_keys text[], p_hashes bytea[], p_spends uuid[], p_credits bigint[],
    p_models text[], p_messages bigint[], p_secrets bytea[], p_at timestamptz, p_wait boolean
) returns table (
    place bigint, outcome text, spend_id uuid, credits bigint, balance_after bigint, tenant_id uuid
) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    v_by_key constant boolean := coalesce(array_remove(p_secrets, null) <> '{}', false);
    v_locked record;
begin
    v_locked := lock_spenders_v1(p_tenants, p_accounts, p_keys, p_credits, case when v_by_key then p_secrets end, p_at, p_wait);
    -- Nobody's are those that whoever asks may not spend.
    if cardinality(v_locked.p_busy) > 0 then
        return query select n.place, case n.account_id when '00000000-0000-0000-0000-000000000000' then 'barred' else 'busy' end,
            null::uuid, null::bigint, null::bigint, null::uuid
            from unnest(v_locked.p_accounts) with ordinality n (account_id, place) where n.account_id = any (v_locked.p_busy);
    end if;
    if cardinality(v_locked.p_twice) > 0 then
        return query select t.place, t.outcome, t.spend_id, t.credits, t.balance_after, case when v_by_key then t.tenant_id end
            from spend_twins_v1(v_locked.p_tenants, v_locked.p_accounts, p_keys, p_hashes, p_spends, p_credits, p_models,
                p_messages, v_locked.p_twice, p_at) t;
    end if;
    return query
    with counted as (
        select n.* from count_spends_v1(v_locked.p_tenants, v_locked.p_accounts, p_keys, p_hashes, p_spends, p_credits, p_models,
            p_messages, v_locked.p_rows, v_locked.p_free, v_locked.p_overdrawn, v_locked.p_seq, v_locked.p_most,
            v_locked.p_busy, v_locked.p_twice) n
    ), summed as (
        select n.row_id, sum(n.credits)::bigint as used, sum(n.from_free)::bigint as from_free, max(n.entries) as entries
        from counted n where n.is_done group by n.row_id
    ), written as (
        update balance b set
            free = b.free - s.from_free, unsettled = b.unsettled + s.from_free, used = b.used + s.used,
            overdrawn = b.overdrawn + s.used - s.from_free, seq = b.seq + s.entries
        from summed s
        where b.ctid = s.row_id
    ), entered as (
        insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount, free_after, operation_id)
        select n.tenant_id, n.account_id, 'credits', n.seq + n.entries, p_at, 'spend', 'free', 'used', n.from_free,
            n.free - n.before - n.from_free, n.spend_id
        from counted n where n.is_done and n.from_free > 0
        union all
        select n.tenant_id, n.account_id, 'credits', n.seq + n.entries - (n.from_free > 0)::int, p_at, 'spend', 'overdrawn',
            'used', n.credits - n.from_free, greatest(0, n.free - n.before), n.spend_id
        from counted n where n.is_done and n.from_free < n.credits
    ), kept as (
        -- Whoever writes a spend locks its balance first, so a key that was not found is free; the index would refuse it.
        insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, model, messages, state, balance_after, at)
        select n.tenant_id, n.account_id, n.key, n.spend_id, n.body_hash, n.credits, n.model, n.messages, 'done',
            n.balance_after, p_at
        from counted n where n.is_done and n.known is null
    ), kept_again as (
        insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, model, messages, state, balance_after, at)
        select n.tenant_id, n.account_id, n.key, n.spend_id, n.body_hash, n.credits, n.model, n.messages, 'done',
            n.balance_after, p_at
        from counted n where n.is_done and n.known is not null
        on conflict (tenant_id, account_id, key) do update set
            spend_id = excluded.spend_id, credits = excluded.credits, state = 'done', reason = null, demand_id = null,
            balance_after = excluded.balance_after, at = excluded.at
    )
    select n.place, n.outcome, case when not n.is_done then n.spend_id end, case when not n.is_done then n.credits end,
        n.balance_after, case when v_by_key and (n.is_done and n.balance_after >= 0) is not true then n.tenant_id end
    from counted n;
end $$;

-- Registers a spend that is short: it waits for its account's auto-billing until answer_by (R20).
create function wait_for_spend_v1(
    p_tenant uuid, p_account uuid, p_key text, p_hash bytea, p_spend uuid, p_demand uuid, p_credits bigint,
    p_model text, p_messages bigint, p_held_as text, p_hold_s int, p_answer_by timestamptz, p_at timestamptz,
    p_real_at timestamptz
) returns text language plpgsql as $$
begin
    perform lock_pools_v1(p_tenant, array[p_account]);
    perform lock_settled_v1(p_tenant, p_account, p_at);
    if exists (select 1 from command where tenant_id = p_tenant and account_id = p_account and key = p_key) then
        return 'raced';
    end if;
    insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, model, messages, held_as, hold_s, state,
        demand_id, answer_by, at)
    values (p_tenant, p_account, p_key, p_spend, p_hash, p_credits, p_model, p_messages, p_held_as, p_hold_s, 'waiting',
        p_demand, p_answer_by, p_at)
    on conflict (tenant_id, account_id, key) do update set
        spend_id = excluded.spend_id, credits = excluded.credits, held_as = excluded.held_as, hold_s = excluded.hold_s,
        state = 'waiting', reason = null, demand_id = excluded.demand_id, balance_after = null, answer_by = excluded.answer_by, at = excluded.at
        where spend.state in ('refused', 'abandoned') and spend.body_hash = excluded.body_hash;
    if not found then
        return 'raced';
    end if;
    if register_demand_v1(p_tenant, p_account, p_demand, 'spend', p_spend, null, p_credits, 0, p_at, p_real_at) then
        perform finish_spend_v1(p_tenant, p_demand, p_at, p_real_at);
        return 'done';
    end if;
    return 'waiting';
end $$;

-- The callers of some spends of an account have gone: compare-and-set, so that a debit and an abandonment cannot both happen
-- (R20). A spend that another call with its key took over, or waits for longer than p_until, is left to that one; one for which
-- nothing was bought, nor is anything that it has to wait for, is to be planned for first, unless p_unplanned_too.
create function abandon_spends_v1(
    p_tenant uuid, p_account uuid, p_spends uuid[], p_until timestamptz[], p_at timestamptz, p_unplanned_too boolean
) returns table (spend_id uuid, ended text, freed boolean) language plpgsql as $$
declare
    v_until timestamptz;
    v_demand uuid;
    v_awaited boolean;
begin
    perform lock_pools_v1(p_tenant, array[p_account]);
    perform settle_v1(p_tenant, p_account, p_at);
    v_awaited := exists (select from awaited_purchase w where w.tenant_id = p_tenant and w.buyer_id = p_account);
    for spend_id, v_until in select * from unnest(p_spends, p_until) loop
        select s.demand_id into v_demand from spend s
        where s.tenant_id = p_tenant and s.spend_id = abandon_spends_v1.spend_id and s.account_id = p_account
          and s.state = 'waiting' and s.answer_by <= v_until for update;
        freed := false;
        if not found then
            ended := 'answered';
        elsif not (p_unplanned_too or v_awaited or is_bought_for_v1(p_tenant, v_demand)) then
            ended := 'unplanned';
        else
            freed := exists (
                select from demand d where d.tenant_id = p_tenant and d.demand_id = v_demand and d.reserved_credits > 0);
            perform give_up_spend_v1(p_tenant, spend_id, v_demand, p_at);
            ended := 'abandoned';
        end if;
        return next;
    end loop;
end $$;
