-- Sets aside for a demand what is free, up to what it still lacks, and pins the lots. True when it lacks nothing more.
create function reserve_v1(p_tenant uuid, p_demand uuid, p_at timestamptz) returns boolean language plpgsql as $$
declare
    d demand;
    v_free bigint;
    v_left bigint;
    v_take bigint;
    v_lot record;
    v_chatbots bigint := 0;
    v_credits bigint := 0;
begin
    select * into strict d from demand where tenant_id = p_tenant and demand_id = p_demand and state = 'waiting' for update;
    if d.credits > d.reserved_credits then
        perform lock_settled_v1(p_tenant, d.account_id, p_at);
        select free into strict v_free from balance
        where tenant_id = p_tenant and account_id = d.account_id and resource = 'credits';
        v_credits := least(v_free, d.credits - d.reserved_credits);
        v_left := v_credits;
        for v_lot in
            select lot_id, free from lot
            where v_left > 0 and tenant_id = p_tenant and account_id = d.account_id and free > 0
            order by expires_at nulls last, lot_id
        loop
            exit when v_left = 0;
            v_take := least(v_left, v_lot.free);
            update lot set free = free - v_take, pinned = pinned + v_take
            where tenant_id = p_tenant and lot_id = v_lot.lot_id;
            insert into reservation (tenant_id, demand_id, lot_id, credits) values (p_tenant, p_demand, v_lot.lot_id, v_take)
            on conflict (tenant_id, demand_id, lot_id) do update set credits = reservation.credits + excluded.credits;
            v_left := v_left - v_take;
        end loop;
        if v_left <> 0 then
            raise exception 'lots of account % are % credits short of its balance', d.account_id, v_left;
        end if;
        perform move_v1(p_tenant, d.account_id, 'credits', 'reserve', 'free', 'reserved', v_credits, d.operation_id, p_at);
    end if;
    if d.chatbots > d.reserved_chatbots then
        select free into v_free from balance
        where tenant_id = p_tenant and account_id = d.account_id and resource = 'chatbots' for update;
        v_chatbots := least(v_free, d.chatbots - d.reserved_chatbots);
        perform move_v1(p_tenant, d.account_id, 'chatbots', 'reserve', 'free', 'reserved', v_chatbots, d.operation_id, p_at);
    end if;
    update demand set
        reserved_credits = reserved_credits + v_credits,
        reserved_chatbots = reserved_chatbots + v_chatbots,
        state = case when reserved_credits + v_credits = credits and reserved_chatbots + v_chatbots = chatbots
                     then 'met' else 'waiting' end
    where tenant_id = p_tenant and demand_id = p_demand
    returning * into d;
    return d.state = 'met';
end $$;

-- Registers a demand in arrival order and reserves at once what is free. The pool must be locked.
create function register_demand_v1(
    p_tenant uuid, p_account uuid, p_demand uuid, p_kind text, p_operation uuid, p_child uuid,
    p_credits bigint, p_chatbots bigint, p_at timestamptz, p_real_at timestamptz
) returns boolean language plpgsql as $$
declare
    v_seq bigint;
begin
    update pool set demand_seq = demand_seq + 1
    where tenant_id = p_tenant and account_id = p_account returning demand_seq into strict v_seq;
    insert into demand (tenant_id, demand_id, account_id, seq, kind, operation_id, child_id, credits, chatbots,
                        state, created_at, registered_real_at)
    values (p_tenant, p_demand, p_account, v_seq, p_kind, p_operation, p_child, p_credits, p_chatbots,
            'waiting', p_at, p_real_at);
    return reserve_v1(p_tenant, p_demand, p_at);
end $$;

-- Ends a demand without delivery: what it had reserved is free again, each lot as it was.
create function end_demand_v1(p_tenant uuid, p_demand uuid, p_state text, p_reason text, p_at timestamptz)
returns boolean language plpgsql as $$
declare
    d demand;
begin
    select * into d from demand
    where tenant_id = p_tenant and demand_id = p_demand and state in ('waiting', 'met') for update;
    if not found then
        return false;
    end if;
    if d.reserved_credits > 0 then
        perform settle_v1(p_tenant, d.account_id, p_at);
    end if;
    update lot set free = lot.free + r.credits, pinned = lot.pinned - r.credits
    from reservation r
    where r.tenant_id = p_tenant and r.demand_id = p_demand
      and lot.tenant_id = p_tenant and lot.lot_id = r.lot_id;
    delete from reservation where tenant_id = p_tenant and demand_id = p_demand;
    perform move_v1(p_tenant, d.account_id, 'credits', 'unreserve', 'reserved', 'free', d.reserved_credits, d.operation_id, p_at);
    perform move_v1(p_tenant, d.account_id, 'chatbots', 'unreserve', 'reserved', 'free', d.reserved_chatbots, d.operation_id, p_at);
    if d.reserved_credits > 0 then
        perform settle_v1(p_tenant, d.account_id, p_at);
    end if;
    update demand set state = p_state, reason = p_reason, reserved_credits = 0, reserved_chatbots = 0, ended_at = p_at
    where tenant_id = p_tenant and demand_id = p_demand;
    return true;
end $$;

-- Uses up a met demand on the account's own work: a reply that is paid for, a chatbot that is created.
create function consume_demand_v1(p_tenant uuid, p_demand uuid, p_kind text, p_at timestamptz)
returns bigint language plpgsql as $$
declare
    d demand;
    v_free bigint;
begin
    select * into strict d from demand where tenant_id = p_tenant and demand_id = p_demand and state = 'met' for update;
    update lot set pinned = lot.pinned - r.credits
    from reservation r
    where r.tenant_id = p_tenant and r.demand_id = p_demand
      and lot.tenant_id = p_tenant and lot.lot_id = r.lot_id;
    delete from reservation where tenant_id = p_tenant and demand_id = p_demand;
    v_free := move_v1(p_tenant, d.account_id, 'credits', p_kind, 'reserved', 'used', d.reserved_credits, d.operation_id, p_at);
    perform move_v1(p_tenant, d.account_id, 'chatbots', p_kind, 'reserved', 'used', d.reserved_chatbots, d.operation_id, p_at);
    update demand set state = 'consumed', reserved_credits = 0, reserved_chatbots = 0, ended_at = p_at
    where tenant_id = p_tenant and demand_id = p_demand;
    return v_free;
end $$;
