-- One movement of a balance: one entry, the sequence under the row's lock. What moves many at once keeps the same rule in bulk
-- (spend_many_v1, reserve_many_v1, lapse_v1, move_brought_v1).
create function move_v1(
    p_tenant uuid, p_account uuid, p_resource text, p_kind text,
    p_source text, p_target text, p_amount bigint, p_operation uuid, p_at timestamptz
) returns bigint language plpgsql as $$
declare
    v_free bigint;
    v_seq bigint;
begin
    if p_amount = 0 then
        return (select free from balance where tenant_id = p_tenant and account_id = p_account and resource = p_resource);
    end if;
    update balance set
        issued = issued + case when p_source = 'issued' then p_amount when p_target = 'issued' then -p_amount else 0 end,
        received = received + case when p_source = 'outside' then p_amount when p_target = 'outside' then -p_amount else 0 end,
        free = free + case when p_target = 'free' then p_amount when p_source = 'free' then -p_amount else 0 end,
        reserved = reserved + case when p_target = 'reserved' then p_amount when p_source = 'reserved' then -p_amount else 0 end,
        held = held + case when p_target = 'held' then p_amount when p_source = 'held' then -p_amount else 0 end,
        used = used + case when p_target = 'used' then p_amount when p_source = 'used' then -p_amount else 0 end,
        sold = sold + case when p_target = 'sold' then p_amount when p_source = 'sold' then -p_amount else 0 end,
        lapsed = lapsed + case when p_target = 'lapsed' then p_amount else 0 end,
        clawed_back = clawed_back + case when p_target = 'clawed_back' then p_amount else 0 end,
        overdrawn = overdrawn + case when p_source = 'overdrawn' then p_amount when p_target = 'overdrawn' then -p_amount else 0 end,
        seq = seq + 1
    where tenant_id = p_tenant and account_id = p_account and resource = p_resource
    returning free, seq into strict v_free, v_seq;
    insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount, free_after, operation_id)
    values (p_tenant, p_account, p_resource, v_seq, p_at, p_kind, p_source, p_target, p_amount, v_free, p_operation);
    return v_free;
end $$;

-- Takes what was spent from the lots, soonest-expiring first, and then lapses what has ended.
-- Every spend so far happened before the earliest end, so the order is exact (R36).
create function settle_v1(p_tenant uuid, p_account uuid, p_at timestamptz) returns void language plpgsql as $$
declare
    v_left bigint;
    v_take bigint;
    v_lot record;
    v_next timestamptz;
begin
    select unsettled into strict v_left from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    for v_lot in
        select lot_id, free from lot
        where v_left > 0 and tenant_id = p_tenant and account_id = p_account and free > 0
        order by expires_at nulls last, lot_id
    loop
        exit when v_left = 0;
        v_take := least(v_left, v_lot.free);
        update lot set free = free - v_take where tenant_id = p_tenant and lot_id = v_lot.lot_id;
        v_left := v_left - v_take;
    end loop;
    if v_left <> 0 then
        raise exception 'lots of account % are % credits short of what was spent', p_account, v_left;
    end if;
    update balance set unsettled = 0
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' and unsettled <> 0;
    perform lapse_v1(p_tenant, array[p_account], p_at);
    select min(expires_at) into v_next from lot
    where tenant_id = p_tenant and account_id = p_account and free > 0 and expires_at is not null;
    update balance set next_expiry_at = v_next
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' and next_expiry_at is distinct from v_next;
end $$;

-- Lets what has ended lapse in some locked pools of which nothing spent is left to be taken from lots: an entry for
-- each lot, the soonest-ended first.
create function lapse_v1(p_tenant uuid, p_accounts uuid[], p_at timestamptz) returns void language sql as $$
    with ended as (
        select l.account_id, l.lot_id, l.free, l.expires_at from lot l
        where l.tenant_id = p_tenant and l.account_id = any (p_accounts) and l.free > 0 and l.expires_at <= p_at
    ), lapsed as (
        update lot set free = 0, lapsed = lot.lapsed + e.free
        from ended e
        where lot.tenant_id = p_tenant and lot.lot_id = e.lot_id
    ), summed as (
        select account_id, sum(free)::bigint as amount, count(*) as entries from ended group by account_id
    ), written as (
        update balance b set free = b.free - s.amount, lapsed = b.lapsed + s.amount, seq = b.seq + s.entries,
            next_expiry_at = (
                select min(l.expires_at) from lot l
                where l.tenant_id = p_tenant and l.account_id = s.account_id and l.free > 0 and l.expires_at > p_at)
        from summed s
        where b.tenant_id = p_tenant and b.account_id = s.account_id and b.resource = 'credits'
        returning b.account_id, b.seq - s.entries as seq_before, b.free + s.amount as free_before
    )
    insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount, free_after, operation_id)
    select p_tenant, e.account_id, 'credits', w.seq_before + row_number() over o, p_at, 'lapse', 'free', 'lapsed', e.free,
        w.free_before - sum(e.free) over o, e.lot_id
    from ended e
    join written w on w.account_id = e.account_id
    window o as (partition by e.account_id order by e.expires_at, e.lot_id)
$$;

-- Locks the balance of an account's credits, settled: which it is already where nothing was spent since and nothing has
-- ended, as it is to be looked at no later than at the first end. Whoever has just given credits back to a lot settles anyhow.
create function lock_settled_v1(p_tenant uuid, p_account uuid, p_at timestamptz) returns void language plpgsql as $$
declare
    v_due boolean;
begin
    select unsettled > 0 or coalesce(next_expiry_at <= p_at, false) into strict v_due from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    if v_due then
        perform settle_v1(p_tenant, p_account, p_at);
    end if;
end $$;

-- What is free repays what was used beyond it: that much of it was spent, too (R33).
create function repay_v1(p_tenant uuid, p_account uuid, p_at timestamptz) returns void language plpgsql as $$
declare
    v_amount bigint;
begin
    select least(free, overdrawn) into strict v_amount from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits';
    if v_amount > 0 then
        perform move_v1(p_tenant, p_account, 'credits', 'repay', 'free', 'overdrawn', v_amount, p_account, p_at);
        update balance set unsettled = unsettled + v_amount
        where tenant_id = p_tenant and account_id = p_account and resource = 'credits';
    end if;
end $$;

-- Pools are locked in the order of their ids, by everybody.
create function lock_pools_v1(p_tenant uuid, p_accounts uuid[]) returns void language plpgsql as $$
begin
    perform 1 from pool where tenant_id = p_tenant and account_id = any (p_accounts) order by account_id for update;
end $$;

-- Settles, and answers what there is then.
create function settle_stock_v1(p_tenant uuid, p_account uuid, p_at timestamptz) returns setof balance language plpgsql as $$
begin
    perform settle_v1(p_tenant, p_account, p_at);
    return query select * from balance b where b.tenant_id = p_tenant and b.account_id = p_account;
end $$;

-- The pools of an account and of its seller. One that moves meanwhile has another seller then: the whole transaction
-- is repeated (R46).
create function lock_buyer_v1(p_tenant uuid, p_account uuid) returns void language plpgsql as $$
declare
    v_parent uuid;
begin
    select parent_id into v_parent from account where tenant_id = p_tenant and account_id = p_account;
    perform lock_pools_v1(p_tenant, array[p_account, v_parent]);
    if (select parent_id from account where tenant_id = p_tenant and account_id = p_account) is distinct from v_parent then
        raise exception 'account % has moved to another seller', p_account using errcode = 'serialization_failure';
    end if;
end $$;
