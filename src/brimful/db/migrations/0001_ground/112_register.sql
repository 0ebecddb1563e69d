-- Registers demands of one kind in the order given, which is the order of arrival, and deals out what is free: each
-- gets what the ones before it left, as if they had come one after the other (R19, R20). Answers for each whether it
-- lacks nothing. The pool must be locked. One pass however many there are: a group of renewals comes at once.
create function register_demands_v1(
    p_tenant uuid, p_account uuid, p_kind text, p_demands uuid[], p_operations uuid[], p_children uuid[],
    p_credits bigint[], p_chatbots bigint[], p_at timestamptz, p_real_at timestamptz
) returns setof boolean language plpgsql as $$
declare
    v_seq bigint;
    v_credits bigint;
    v_chatbots bigint;
    v_got_credits bigint[];
    v_got_chatbots bigint[];
begin
    perform lock_settled_v1(p_tenant, p_account, p_at);
    select free into strict v_credits from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    select free into strict v_chatbots from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'chatbots' for update;
    update pool set demand_seq = demand_seq + cardinality(p_demands)
    where tenant_id = p_tenant and account_id = p_account returning demand_seq - cardinality(p_demands) into strict v_seq;
    select array_agg(
            greatest(0, least(n.credits, v_credits - (n.credits_by_then - n.credits))) order by n.place),
        array_agg(
            greatest(0, least(n.chatbots, v_chatbots - (n.chatbots_by_then - n.chatbots))) order by n.place)
    into v_got_credits, v_got_chatbots
    from (
        select g.*, sum(g.credits) over line as credits_by_then, sum(g.chatbots) over line as chatbots_by_then
        from unnest(p_credits, p_chatbots) with ordinality as g (credits, chatbots, place)
        window line as (order by g.place)
    ) n;
    insert into demand (tenant_id, demand_id, account_id, seq, kind, operation_id, child_id, credits, chatbots,
                        reserved_credits, reserved_chatbots, state, created_at, registered_real_at)
    select p_tenant, d.demand_id, p_account, v_seq + d.place, p_kind, d.operation_id, d.child_id, d.credits, d.chatbots,
        d.got_credits, d.got_chatbots,
        case when d.got_credits = d.credits and d.got_chatbots = d.chatbots then 'met' else 'waiting' end, p_at, p_real_at
    from unnest(p_demands, p_operations, p_children, p_credits, p_chatbots, v_got_credits, v_got_chatbots)
        with ordinality as d (demand_id, operation_id, child_id, credits, chatbots, got_credits, got_chatbots, place);
    perform pin_lots_v1(p_tenant, p_account, p_demands, v_got_credits);
    perform reserve_many_v1(p_tenant, p_account, p_operations, v_got_credits, 'credits', p_at);
    perform reserve_many_v1(p_tenant, p_account, p_operations, v_got_chatbots, 'chatbots', p_at);
    return query
        select d.state = 'met' from demand d
        where d.tenant_id = p_tenant and d.account_id = p_account and d.seq > v_seq order by d.seq;
end $$;

-- Pins the lots, the soonest-expiring first, for what demands reserve now, in the order given.
create function pin_lots_v1(p_tenant uuid, p_account uuid, p_demands uuid[], p_credits bigint[]) returns void language sql as $$
    with wanted as (
        select g.demand_id, sum(g.credits) over line - g.credits as starts, sum(g.credits) over line as ends
        from unnest(p_demands, p_credits) with ordinality as g (demand_id, credits, place)
        where g.credits > 0
        window line as (order by g.place)
    ), needed as (
        select coalesce(max(ends), 0) as credits from wanted
    ), offered as (
        select l.lot_id, sum(l.free) over w - l.free as starts, sum(l.free) over w as ends
        from lot l
        where l.tenant_id = p_tenant and l.account_id = p_account and l.free > 0 and (select credits from needed) > 0
        window w as (order by l.expires_at nulls last, l.lot_id)
    ), taken as (
        select w.demand_id, o.lot_id, (least(w.ends, o.ends) - greatest(w.starts, o.starts))::bigint as credits
        from wanted w
        join offered o on o.starts < w.ends and w.starts < o.ends
    ), pinned as (
        insert into reservation (tenant_id, demand_id, lot_id, credits)
        select p_tenant, t.demand_id, t.lot_id, t.credits from taken t
        on conflict (tenant_id, demand_id, lot_id) do update set credits = reservation.credits + excluded.credits
    )
    update lot set free = lot.free - t.credits, pinned = lot.pinned + t.credits
    from (select lot_id, sum(credits)::bigint as credits from taken group by lot_id) t
    where lot.tenant_id = p_tenant and lot.lot_id = t.lot_id
$$;

-- Moves what operations reserve now of one resource, an entry for each that gets any, in the order given.
create function reserve_many_v1(
    p_tenant uuid, p_account uuid, p_operations uuid[], p_amounts bigint[], p_resource text, p_at timestamptz
) returns void language sql as $$
    with got as (
        select g.* from unnest(p_operations, p_amounts) with ordinality as g (operation_id, amount, place)
        where g.amount > 0
    ), summed as (
        select sum(amount)::bigint as amount, count(*) as entries from got
    ), written as (
        update balance b set free = b.free - s.amount, reserved = b.reserved + s.amount, seq = b.seq + s.entries
        from summed s
        where s.entries > 0 and b.tenant_id = p_tenant and b.account_id = p_account and b.resource = p_resource
        returning b.seq - s.entries as seq_before, b.free + s.amount as free_before
    )
    insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount, free_after, operation_id)
    select p_tenant, p_account, p_resource, w.seq_before + row_number() over line, p_at, 'reserve', 'free', 'reserved', g.amount,
        w.free_before - sum(g.amount) over line, g.operation_id
    from got g, written w
    window line as (order by g.place)
$$;

-- Meets the purchases that stand first in line, as many as the pool covers wholly, and lets them go on to their capture;
-- those that a purchase just granted was sized for stand before all others (R17). Answers their operations in that order.
-- One pass however many there are: a group of renewals waits for one purchase. Who stands behind a demand of another kind,
-- or behind one that is covered in part, is for whoever tries them one by one. The pool must be locked and settled.
create function meet_first_v1(
    p_tenant uuid, p_account uuid, p_bought uuid, p_at timestamptz, p_real_at timestamptz
) returns setof uuid language plpgsql as $$
declare
    v_credits bigint;
    v_chatbots bigint;
    v_demands uuid[];
    v_operations uuid[];
    v_got_credits bigint[];
    v_got_chatbots bigint[];
begin
    select free into strict v_credits from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    select free into strict v_chatbots from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'chatbots' for update;
    -- Whoever waits lacks something: with nothing free, nobody in line need be looked at.
    if v_credits = 0 and v_chatbots = 0 then
        return;
    end if;
    select array_agg(m.demand_id order by m.place), array_agg(m.operation_id order by m.place),
        array_agg(m.credits order by m.place), array_agg(m.chatbots order by m.place)
    into v_demands, v_operations, v_got_credits, v_got_chatbots
    from (
        select w.*, bool_and(w.kind = 'purchase' and w.credits_by_then <= v_credits and w.chatbots_by_then <= v_chatbots)
            over (order by w.place) as covered
        from (
            select n.*, sum(n.credits) over line as credits_by_then, sum(n.chatbots) over line as chatbots_by_then
            from (
                select d.demand_id, d.operation_id, d.kind, d.credits - d.reserved_credits as credits,
                    d.chatbots - d.reserved_chatbots as chatbots,
                    row_number() over (order by (s.demand_id is not null) desc, d.seq) as place
                from demand d
                left join purchase_demand s
                    on s.tenant_id = p_tenant and s.purchase_id = p_bought and s.demand_id = d.demand_id
                where d.tenant_id = p_tenant and d.account_id = p_account and d.state = 'waiting'
            ) n
            window line as (order by n.place)
        ) w
    ) m
    where m.covered;
    if v_demands is null then
        return;
    end if;
    update demand set reserved_credits = credits, reserved_chatbots = chatbots, state = 'met'
    where tenant_id = p_tenant and demand_id = any (v_demands) and state = 'waiting';
    perform pin_lots_v1(p_tenant, p_account, v_demands, v_got_credits);
    perform reserve_many_v1(p_tenant, p_account, v_operations, v_got_credits, 'credits', p_at);
    perform reserve_many_v1(p_tenant, p_account, v_operations, v_got_chatbots, 'chatbots', p_at);
    update purchase set state = 'capturing', wake_real_at = p_real_at, tries = 0, step_real_at = p_real_at
    where tenant_id = p_tenant and purchase_id = any (v_operations) and state = 'waiting';
    return query select unnest(v_operations);
end $$;
