-- What a spend asked to have set aside stands from now on.
create function open_hold_v1(p_tenant uuid, p_spend uuid, p_at timestamptz, p_real_at timestamptz) returns void language sql as $$
    insert into credit_hold (tenant_id, hold_id, account_id, leased, credits, held, placed_at, placed_real_at, ends_real_at)
    select tenant_id, spend_id, account_id, held_as = 'lease', credits, credits, p_at, p_real_at,
        p_real_at + make_interval(secs => hold_s)
    from spend where tenant_id = p_tenant and spend_id = p_spend
$$;

-- Pins lots for a new hold, the soonest-expiring first. Answers how many credits of them.
create function pin_hold_v1(p_tenant uuid, p_account uuid, p_hold uuid, p_credits bigint) returns bigint language sql as $$
    with offered as (
        select l.lot_id, l.free, (sum(l.free) over w - l.free)::bigint as starts
        from lot l
        where l.tenant_id = p_tenant and l.account_id = p_account and l.free > 0
        window w as (order by l.expires_at nulls last, l.lot_id)
    ), pinned as (
        insert into credit_hold_lot (tenant_id, hold_id, lot_id, credits)
        select p_tenant, p_hold, o.lot_id, least(o.free, p_credits - o.starts) from offered o where o.starts < p_credits
        returning lot_id, credits
    ), lots as (
        update lot set free = lot.free - p.credits, pinned = lot.pinned + p.credits
        from pinned p where lot.tenant_id = p_tenant and lot.lot_id = p.lot_id
    )
    select coalesce(sum(credits), 0)::bigint from pinned
$$;

-- Lets go of so many credits that a hold pins, of the soonest-expiring lots first: used up, or free again.
create function unpin_hold_v1(p_tenant uuid, p_hold uuid, p_credits bigint, p_frees boolean) returns void language sql as $$
    with pinned as (
        select h.lot_id, h.credits, (sum(h.credits) over w - h.credits)::bigint as starts
        from credit_hold_lot h
        join lot on lot.tenant_id = h.tenant_id and lot.lot_id = h.lot_id
        where h.tenant_id = p_tenant and h.hold_id = p_hold
        window w as (order by lot.expires_at nulls last, h.lot_id)
    ), parts as (
        select lot_id, credits, least(credits, p_credits - starts) as part from pinned where starts < p_credits
    ), gone as (
        delete from credit_hold_lot h using parts p
        where h.tenant_id = p_tenant and h.hold_id = p_hold and h.lot_id = p.lot_id and p.part = p.credits
    ), fewer as (
        update credit_hold_lot h set credits = h.credits - p.part from parts p
        where h.tenant_id = p_tenant and h.hold_id = p_hold and h.lot_id = p.lot_id and p.part < p.credits
    )
    update lot set pinned = lot.pinned - p.part, free = lot.free + case when p_frees then p.part else 0 end
    from parts p where lot.tenant_id = p_tenant and lot.lot_id = p.lot_id
$$;

-- Holds what is asked for if it is free, once for its key; of what is short nothing is changed, as for a spend
-- (spend_many_v1), but nothing is overdrawn for it: there would be no lot to pin.
create function place_hold_v1(
    p_tenant uuid, p_account uuid, p_key text, p_hash bytea, p_spend uuid, p_credits bigint, p_held_as text, p_hold_s int,
    p_at timestamptz, p_real_at timestamptz
) returns table (outcome text, spend_id uuid, credits bigint, balance_after bigint) language plpgsql set enable_seqscan = off as $$
#variable_conflict use_column
declare
    s spend;
    v_free bigint;
begin
    perform settle_v1(p_tenant, p_account, p_at);
    select free into strict v_free from balance where tenant_id = p_tenant and account_id = p_account and resource = 'credits';
    select * into s from spend where tenant_id = p_tenant and account_id = p_account and key = p_key;
    if s.body_hash <> p_hash or s.key is null and exists (
        select 1 from command where tenant_id = p_tenant and account_id = p_account and key = p_key
    ) then
        return query select 'conflict', p_spend, p_credits, null::bigint;
    elsif s.state in ('held', 'waiting') then
        return query select case s.state when 'held' then 'done' else s.state end, s.spend_id, s.credits, s.balance_after;
    elsif v_free < p_credits then
        return query select 'short', p_spend, p_credits, v_free;
    else
        v_free := move_v1(p_tenant, p_account, 'credits', 'hold', 'free', 'held', p_credits, p_spend, p_at);
        insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, held_as, hold_s, state, balance_after, at)
        values (p_tenant, p_account, p_key, p_spend, p_hash, p_credits, p_held_as, p_hold_s, 'held', v_free, p_at)
        on conflict (tenant_id, account_id, key) do update set
            spend_id = excluded.spend_id, credits = excluded.credits, held_as = excluded.held_as, hold_s = excluded.hold_s,
            state = 'held', reason = null, demand_id = null, balance_after = excluded.balance_after, at = excluded.at;
        perform open_hold_v1(p_tenant, p_spend, p_at, p_real_at);
        if pin_hold_v1(p_tenant, p_account, p_spend, p_credits) <> p_credits then
            raise exception 'lots of account % are short of its balance', p_account;
        end if;
        return query select 'done', p_spend, p_credits, v_free;
    end if;
end $$;

-- Ends the wait of a spend whose demand is met: it is debited, or what was reserved is held from now on. Answers what is
-- free after it.
create function finish_spend_v1(p_tenant uuid, p_demand uuid, p_at timestamptz, p_real_at timestamptz)
returns bigint language plpgsql as $$
declare
    d demand;
    v_held boolean;
    v_free bigint;
begin
    select * into strict d from demand where tenant_id = p_tenant and demand_id = p_demand;
    select held_as is not null into strict v_held from spend where tenant_id = p_tenant and spend_id = d.operation_id for update;
    if v_held then
        perform open_hold_v1(p_tenant, d.operation_id, p_at, p_real_at);
        insert into credit_hold_lot (tenant_id, hold_id, lot_id, credits)
        select p_tenant, d.operation_id, lot_id, credits from reservation where tenant_id = p_tenant and demand_id = p_demand;
        delete from reservation where tenant_id = p_tenant and demand_id = p_demand;
        v_free := move_v1(p_tenant, d.account_id, 'credits', 'hold', 'reserved', 'held', d.reserved_credits, d.operation_id, p_at);
        update demand set state = 'consumed', reserved_credits = 0, ended_at = p_at
        where tenant_id = p_tenant and demand_id = p_demand;
    else
        v_free := consume_demand_v1(p_tenant, p_demand, 'spend', p_at);
    end if;
    update spend set state = case when v_held then 'held' else 'done' end, balance_after = v_free, reason = null
    where tenant_id = p_tenant and spend_id = d.operation_id;
    return v_free;
end $$;

-- A hold of an account, locked in the order in which everybody locks, with what is free beside it and what it may still
-- overdraw (R33).
create function lock_hold_v1(p_tenant uuid, p_account uuid, p_hold uuid, p_at timestamptz)
returns table (
    hold_id uuid, account_id uuid, leased boolean, told boolean, credits bigint, held bigint, captured bigint, state text,
    placed_real_at timestamptz, ends_real_at timestamptz, beside bigint
) language plpgsql set enable_seqscan = off as $$
#variable_conflict use_column
begin
    -- Whoever asks for what is not there changes nothing.
    if not exists (select 1 from credit_hold where tenant_id = p_tenant and hold_id = p_hold and account_id = p_account) then
        return;
    end if;
    perform lock_pools_v1(p_tenant, array[p_account]);
    perform settle_v1(p_tenant, p_account, p_at);
    return query
        select h.hold_id, h.account_id, h.leased, h.told, h.credits, h.held, h.captured, h.state, h.placed_real_at, h.ends_real_at,
            b.free + greatest(0, coalesce(o.limit_credits - b.overdrawn, 0))
        from credit_hold h
        join balance b on b.tenant_id = h.tenant_id and b.account_id = h.account_id and b.resource = 'credits'
        left join overdraft o on o.tenant_id = h.tenant_id and o.account_id = h.account_id
        where h.tenant_id = p_tenant and h.account_id = p_account and h.hold_id = p_hold for update of h;
end $$;

-- Brings what a locked hold has charged to p_captured in all: of what it holds first, beyond that of what is free, and
-- beyond that overdrawn. In any state but 'standing' it ends there, and what it still holds is free again, or lapses if
-- its end has passed (R36). Answers what is free after it, below zero when overdrawn.
create function charge_hold_v1(
    p_tenant uuid, p_hold uuid, p_captured bigint, p_state text, p_ends_real_at timestamptz, p_at timestamptz
) returns bigint language plpgsql set enable_seqscan = off as $$
declare
    h credit_hold;
    v_kind text;
    v_more bigint;
    v_held bigint;
    v_beside bigint;
    v_back bigint;
    v_after bigint;
begin
    select * into strict h from credit_hold where tenant_id = p_tenant and hold_id = p_hold and state = 'standing' for update;
    -- What is reported of a lease was used by many queries, at other times: forecasts tell it from one (R33).
    v_kind := case when h.leased then 'report' else 'capture' end;
    v_more := p_captured - h.captured;
    v_held := least(v_more, h.held);
    select least(free, v_more - v_held) into strict v_beside from balance
    where tenant_id = p_tenant and account_id = h.account_id and resource = 'credits';
    v_back := case p_state when 'standing' then 0 else h.held - v_held end;
    perform unpin_hold_v1(p_tenant, p_hold, v_held, false);
    perform move_v1(p_tenant, h.account_id, 'credits', v_kind, 'held', 'used', v_held, p_hold, p_at);
    perform move_v1(p_tenant, h.account_id, 'credits', v_kind, 'free', 'used', v_beside, p_hold, p_at);
    perform move_v1(p_tenant, h.account_id, 'credits', v_kind, 'overdrawn', 'used', v_more - v_held - v_beside, p_hold, p_at);
    update balance set unsettled = unsettled + v_beside
    where v_beside > 0 and tenant_id = p_tenant and account_id = h.account_id and resource = 'credits';
    if v_back > 0 then
        perform unpin_hold_v1(p_tenant, p_hold, v_back, true);
        perform move_v1(p_tenant, h.account_id, 'credits', 'unhold', 'held', 'free', v_back, p_hold, p_at);
        perform settle_v1(p_tenant, h.account_id, p_at);
    end if;
    select free - overdrawn into strict v_after from balance
    where tenant_id = p_tenant and account_id = h.account_id and resource = 'credits';
    -- Only a report leaves a lease standing, and whoever reports knows of it.
    update credit_hold set held = held - v_held - v_back, captured = p_captured, state = p_state,
        told = told or leased and p_state = 'standing', ends_real_at = greatest(ends_real_at, p_ends_real_at), balance_after = v_after,
        ended_at = case p_state when 'standing' then null else p_at end
    where tenant_id = p_tenant and hold_id = p_hold;
    return v_after;
end $$;
