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
begin
    perform settle_v1(p_tenant, p_account, p_at);
    select free into strict v_credits from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    select free into strict v_chatbots from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'chatbots' for update;
    update pool set demand_seq = demand_seq + cardinality(p_demands)
    where tenant_id = p_tenant and account_id = p_account returning demand_seq - cardinality(p_demands) into strict v_seq;
    insert into demand (tenant_id, demand_id, account_id, seq, kind, operation_id, child_id, credits, chatbots,
                        reserved_credits, reserved_chatbots, state, created_at, registered_real_at)
    select p_tenant, d.demand_id, p_account, v_seq + d.place, p_kind, d.operation_id, d.child_id, d.credits, d.chatbots,
        d.got_credits, d.got_chatbots,
        case when d.got_credits = d.credits and d.got_chatbots = d.chatbots then 'met' else 'waiting' end, p_at, p_real_at
    from (
        select n.*,
            greatest(0, least(n.credits, v_credits - (sum(n.credits) over before - n.credits)))::bigint as got_credits,
            greatest(0, least(n.chatbots, v_chatbots - (sum(n.chatbots) over before - n.chatbots)))::bigint as got_chatbots
        from unnest(p_demands, p_operations, p_children, p_credits, p_chatbots)
            with ordinality as n (demand_id, operation_id, child_id, credits, chatbots, place)
        window before as (order by n.place)
    ) d;
    perform pin_lots_v1(p_tenant, p_account, p_demands);
    perform reserve_many_v1(p_tenant, p_account, p_demands, 'credits', p_at);
    perform reserve_many_v1(p_tenant, p_account, p_demands, 'chatbots', p_at);
    return query
        select d.state = 'met' from demand d
        where d.tenant_id = p_tenant and d.account_id = p_account and d.seq > v_seq order by d.seq;
end $$;

-- Pins the lots, the soonest-expiring first, for what new demands have reserved, in their order.
create function pin_lots_v1(p_tenant uuid, p_account uuid, p_demands uuid[]) returns void language sql as $$
    with wanted as (
        select d.demand_id, sum(d.reserved_credits) over w - d.reserved_credits as starts, sum(d.reserved_credits) over w as ends
        from demand d
        where d.tenant_id = p_tenant and d.demand_id = any (p_demands) and d.reserved_credits > 0
        window w as (order by d.seq)
    ), needed as (
        select coalesce(max(ends), 0) as credits from wanted
    ), offered as (
        select l.lot_id, sum(l.free) over w - l.free as starts, sum(l.free) over w as ends
        from lot l
        where l.tenant_id = p_tenant and l.account_id = p_account and l.free > 0 and (select credits from needed) > 0
        window w as (order by l.expires_at nulls last, l.lot_id)
    ), pinned as (
        insert into reservation (tenant_id, demand_id, lot_id, credits)
        select p_tenant, w.demand_id, o.lot_id, (least(w.ends, o.ends) - greatest(w.starts, o.starts))::bigint
        from wanted w
        join offered o on o.starts < w.ends and w.starts < o.ends
        returning lot_id, credits
    )
    update lot set free = lot.free - t.credits, pinned = lot.pinned + t.credits
    from (select lot_id, sum(credits)::bigint as credits from pinned group by lot_id) t
    where lot.tenant_id = p_tenant and lot.lot_id = t.lot_id
$$;

-- Moves what new demands have reserved of one resource, an entry for each.
create function reserve_many_v1(p_tenant uuid, p_account uuid, p_demands uuid[], p_resource text, p_at timestamptz)
returns void language sql as $$
    with got as (
        select d.operation_id, d.seq, case p_resource when 'credits' then d.reserved_credits else d.reserved_chatbots end as amount
        from demand d
        where d.tenant_id = p_tenant and d.demand_id = any (p_demands)
    ), summed as (
        select sum(amount)::bigint as amount, count(*) as entries from got where amount > 0
    ), written as (
        update balance b set free = b.free - s.amount, reserved = b.reserved + s.amount, seq = b.seq + s.entries
        from summed s
        where s.entries > 0 and b.tenant_id = p_tenant and b.account_id = p_account and b.resource = p_resource
        returning b.seq - s.entries as seq_before, b.free + s.amount as free_before
    )
    insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount, free_after, operation_id)
    select p_tenant, p_account, p_resource, w.seq_before + row_number() over o, p_at, 'reserve', 'free', 'reserved', g.amount,
        w.free_before - sum(g.amount) over o, g.operation_id
    from got g, written w
    where g.amount > 0
    window o as (order by g.seq)
$$;
