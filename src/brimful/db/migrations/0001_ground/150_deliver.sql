-- What some purchases bring, a row for each line and resource, in the order in which it is handed over.
create function brought_v1(p_tenant uuid, p_purchases uuid[])
returns table (
    purchase_id uuid, buyer_id uuid, seller_id uuid, supply boolean, demand_id uuid, line int, resource text,
    amount bigint, transfer_id uuid, lot_id uuid, place bigint
) language sql stable as $$
    select p.purchase_id, p.buyer_id, p.seller_id, s.supply, p.demand_id, l.line, v.resource, v.amount, v.transfer_id,
        l.lot_id, row_number() over (order by p.purchase_id, l.line, v.resource)
    from purchase p
    join account s on s.tenant_id = p.tenant_id and s.account_id = p.seller_id
    join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
    cross join lateral (
        values ('credits', l.credits, l.transfer_id), ('chatbots', l.chatbots, l.seats_transfer_id)
    ) v (resource, amount, transfer_id)
    where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) and v.amount > 0
$$;

-- Which of the sellers' lots the credits of some purchases are taken from: what their demands pinned, the
-- soonest-expiring first, dealt out to the lines one after the other (R3).
create function taken_v1(p_tenant uuid, p_purchases uuid[])
returns table (transfer_id uuid, lot_id uuid, credits bigint) language sql stable as $$
    with wanted as (
        select b.demand_id, b.transfer_id,
            sum(b.amount) over w - b.amount as starts, sum(b.amount) over w as ends
        from brought_v1(p_tenant, p_purchases) b
        where b.resource = 'credits' and not b.supply
        window w as (partition by b.demand_id order by b.line)
    ), pinned as (
        select r.demand_id, r.lot_id,
            sum(r.credits) over w - r.credits as starts, sum(r.credits) over w as ends
        from purchase p
        join reservation r on r.tenant_id = p.tenant_id and r.demand_id = p.demand_id
        join lot on lot.tenant_id = r.tenant_id and lot.lot_id = r.lot_id
        where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases)
        window w as (partition by r.demand_id order by lot.expires_at nulls last, r.lot_id)
    )
    select w.transfer_id, n.lot_id, (least(w.ends, n.ends) - greatest(w.starts, n.starts))::bigint
    from wanted w
    join pinned n on n.demand_id = w.demand_id and n.starts < w.ends and w.starts < n.ends
$$;

-- Moves what some purchases bring on one side of their transfers, an entry for each line: sold by the seller out of
-- what was reserved or out of the supply, received by the buyer into its free stock.
create function move_brought_v1(p_tenant uuid, p_purchases uuid[], p_side text, p_at timestamptz)
returns void language sql as $$
    with moved as (
        select b.*, case p_side when 'seller' then b.seller_id else b.buyer_id end as account_id,
            case when p_side = 'buyer' then 'outside' when b.supply then 'issued' else 'reserved' end as source
        from brought_v1(p_tenant, p_purchases) b
    ), summed as (
        select account_id, resource, source, sum(amount)::bigint as amount, count(*) as entries
        from moved group by 1, 2, 3
    ), written as (
        update balance b set
            issued = b.issued + case s.source when 'issued' then s.amount else 0 end,
            received = b.received + case s.source when 'outside' then s.amount else 0 end,
            reserved = b.reserved - case s.source when 'reserved' then s.amount else 0 end,
            free = b.free + case s.source when 'outside' then s.amount else 0 end,
            sold = b.sold + case s.source when 'outside' then 0 else s.amount end,
            seq = b.seq + s.entries
        from summed s
        where b.tenant_id = p_tenant and b.account_id = s.account_id and b.resource = s.resource
        returning b.account_id, b.resource, b.seq - s.entries as seq_before,
            b.free - case s.source when 'outside' then s.amount else 0 end as free_before
    )
    insert into entry (tenant_id, account_id, resource, seq, at, kind, source, target, amount, free_after, operation_id)
    select p_tenant, m.account_id, m.resource, w.seq_before + row_number() over o, p_at, 'purchase', m.source,
        case m.source when 'outside' then 'free' else 'sold' end, m.amount,
        w.free_before + case m.source when 'outside' then sum(m.amount) over o else 0 end, m.purchase_id
    from moved m
    join written w on w.account_id = m.account_id and w.resource = m.resource
    window o as (partition by m.account_id, m.resource order by m.place)
$$;

-- Locks the balances of those who sell and buy in some purchases. Balances come before lots, as whoever spends at the end of a
-- lot takes them: who holds the balance alone may let it lapse.
create function lock_parties_v1(p_tenant uuid, p_purchases uuid[]) returns void language plpgsql as $$
begin
    perform 1 from balance b
    where b.tenant_id = p_tenant and b.resource = 'credits' and b.account_id in (
        select v.account_id from purchase p
        cross join lateral (values (p.seller_id), (p.buyer_id)) v (account_id)
        where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases))
    order by b.account_id for update;
end $$;

-- Hands over what some purchases of a tenant paid for, whose pools and rows the caller has locked and whose demands
-- are met: transfers, lots, balances, entries, demands, charges, receivables and subscriptions in one call, whether it
-- is one purchase or the renewals of a whole agency. By indexes, whatever the planner believes: what was planned while there
-- were few purchases and charges compares each with each, and is kept until they are counted again.
create function deliver_v1(p_tenant uuid, p_purchases uuid[], p_at timestamptz) returns void language plpgsql
set enable_seqscan = off as $$
declare
    v_buyer uuid;
    v_taken bigint;
    v_demands uuid[];
begin
    perform lock_parties_v1(p_tenant, p_purchases);
    -- What was spent so far comes out of the lots there were, and what has ended lapses, before a lot is added (R36).
    for v_buyer in
        select distinct p.buyer_id from purchase p
        join balance b on b.tenant_id = p.tenant_id and b.account_id = p.buyer_id and b.resource = 'credits'
        where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) and b.unsettled > 0
        order by p.buyer_id
    loop
        perform settle_v1(p_tenant, v_buyer, p_at);
    end loop;
    perform lapse_v1(p_tenant, array(
        select distinct p.buyer_id from purchase p
        join balance b on b.tenant_id = p.tenant_id and b.account_id = p.buyer_id and b.resource = 'credits'
        where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) and b.next_expiry_at <= p_at
    ), p_at);
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, at)
    select p_tenant, transfer_id, resource, seller_id, buyer_id, amount, purchase_id, 'purchase', p_at
    from brought_v1(p_tenant, p_purchases);
    with taken as (
        insert into transfer_lot (tenant_id, transfer_id, lot_id, credits)
        select p_tenant, transfer_id, lot_id, credits from taken_v1(p_tenant, p_purchases)
        returning transfer_lot.lot_id, transfer_lot.credits
    ), unpinned as (
        update lot set pinned = lot.pinned - t.credits
        from (select lot_id, sum(credits) as credits from taken group by 1) t
        where lot.tenant_id = p_tenant and lot.lot_id = t.lot_id
    )
    select coalesce(sum(credits), 0) into v_taken from taken;
    if v_taken <> (
        select coalesce(sum(amount), 0) from brought_v1(p_tenant, p_purchases) where resource = 'credits' and not supply
    ) then
        raise exception 'the reservations of purchases % do not make up what they bring', p_purchases;
    end if;
    perform move_brought_v1(p_tenant, p_purchases, 'seller', p_at);
    perform move_brought_v1(p_tenant, p_purchases, 'buyer', p_at);
    v_demands := array(
        select demand_id from purchase where tenant_id = p_tenant and purchase_id = any (p_purchases) and demand_id is not null);
    delete from reservation where tenant_id = p_tenant and demand_id = any (v_demands);
    update demand set state = 'consumed', reserved_credits = 0, reserved_chatbots = 0, ended_at = p_at
    where tenant_id = p_tenant and demand_id = any (v_demands);
    perform open_lots_v1(p_tenant, p_purchases, p_at);
    perform settle_money_v1(p_tenant, p_purchases, p_at);
    perform run_subscriptions_v1(p_tenant, p_purchases, p_at);
    update purchase set state = 'delivered', reason = null, wake_real_at = null, lease_until = '-infinity', tries = 0,
        ended_at = p_at
    where tenant_id = p_tenant and purchase_id = any (p_purchases);
end $$;

-- Sellers may be secured now: the renewals that they could not furnish are due now. Answers the sellers of any.
create function wake_for_sellers_v1(p_tenant uuid, p_sellers uuid[], p_at timestamptz) returns setof uuid language sql as $$
    with woken as (
        update subscription set wake_at = p_at
        where tenant_id = p_tenant and seller_id = any (p_sellers) and state <> 'ended' and seller_failed_at is not null
          and wake_at > p_at
        returning seller_id
    )
    select distinct seller_id from woken
$$;

-- Hands over what one purchase paid for and offers it, in the same step, to all that wait on its buyer's pool, those that it
-- was bought for first (R17). Answers what became of them, whether more waits; the buyer's credits: free and reserved before
-- the delivery and with it, and what is free after it was offered; the lines of an automatic one as notices tell them; and whether renewals
-- that the buyer could not furnish are due now.
create function deliver_and_offer_v1(
    p_tenant uuid, p_purchase uuid, p_buyer uuid, p_at timestamptz, p_real_at timestamptz, p_told_at text
)
returns table (
    before bigint, granted bigint, after bigint, kinds text[], operations uuid[], outcomes text[], more_waits boolean,
    lines jsonb, renewals_due boolean
) language plpgsql set enable_seqscan = off as $$
begin
    -- What others spend until then is not of what this brings.
    perform lock_parties_v1(p_tenant, array[p_purchase]);
    before := (select b.free + b.reserved from balance b
               where b.tenant_id = p_tenant and b.account_id = p_buyer and b.resource = 'credits');
    perform deliver_v1(p_tenant, array[p_purchase], p_at);
    granted := (select b.free + b.reserved from balance b
                where b.tenant_id = p_tenant and b.account_id = p_buyer and b.resource = 'credits');
    select array_agg(o.kind), array_agg(o.operation_id), array_agg(o.outcome) into kinds, operations, outcomes
    from offer_stock_v1(p_tenant, p_buyer, p_at, p_real_at, p_purchase) o;
    after := (select b.free from balance b
              where b.tenant_id = p_tenant and b.account_id = p_buyer and b.resource = 'credits');
    update purchase p set explanation = p.explanation || jsonb_build_object(
        'balances', jsonb_build_object('before', before, 'granted', granted, 'after', after), 'delivered_at', p_told_at)
    where p.tenant_id = p_tenant and p.purchase_id = p_purchase and p.automatic;
    more_waits := exists (
        select 1 from demand d where d.tenant_id = p_tenant and d.account_id = p_buyer and d.state = 'waiting');
    lines := (
        select jsonb_agg(jsonb_build_object('name', v.name, 'quantity', l.quantity, 'amount_minor', l.amount_minor) order by l.line)
        from purchase p
        join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
        left join package_version v on v.package_id = l.package_id and v.version = l.package_version
        where p.tenant_id = p_tenant and p.purchase_id = p_purchase and p.automatic);
    renewals_due := exists (select from wake_for_sellers_v1(p_tenant, array[p_buyer], p_at));
    return next;
end $$;

-- The buyers' lots, on the terms sold: a plan's credits end with their month, others when their package says so.
create function open_lots_v1(p_tenant uuid, p_purchases uuid[], p_at timestamptz) returns void language sql as $$
    with opened as (
        insert into lot (tenant_id, lot_id, account_id, terms, transfer_id, amount, free, cost_minor, currency, expires_at, opened_at)
        select p_tenant, l.lot_id, p.buyer_id, case l.kind when 'subscription' then 'plan' else 'additional' end, l.transfer_id,
            l.credits, l.credits, l.credits_cost_minor, p.currency,
            coalesce(l.credits_end_at, p_at + make_interval(days => v.expires_after_days)), p_at
        from purchase p
        join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
        left join package_version v on v.package_id = l.package_id and v.version = l.package_version
        where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) and l.credits > 0
        returning account_id, expires_at
    )
    update balance b set next_expiry_at = least(b.next_expiry_at, o.expires_at)
    from (select account_id, min(expires_at) as expires_at from opened group by 1) o
    where b.tenant_id = p_tenant and b.account_id = o.account_id and b.resource = 'credits' and o.expires_at is not null
$$;

-- Charges are captured; what was too small to charge is owed.
create function settle_money_v1(p_tenant uuid, p_purchases uuid[], p_at timestamptz) returns void language sql as $$
    update charge c set state = 'captured', captured_at = coalesce(c.captured_at, p_at)
    from purchase p
    where c.tenant_id = p_tenant and p.tenant_id = p_tenant and p.purchase_id = any (p_purchases)
      and c.purchase_id = p.purchase_id and p.mode <> 'receivable' and c.state not in ('canceled', 'refunded');
    insert into receivable (tenant_id, receivable_id, account_id, seller_id, purchase_id, amount_minor, currency, at)
    select p_tenant, p.purchase_id, p.buyer_id, p.seller_id, p.purchase_id, p.amount_minor, p.currency, p_at
    from purchase p
    where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) and p.mode = 'receivable' and p.amount_minor > 0
$$;

-- Subscriptions that a line begins, and those that it carries on into another month or period, or on other terms.
create function run_subscriptions_v1(p_tenant uuid, p_purchases uuid[], p_at timestamptz) returns void language sql as $$
    -- An upgrade takes the place of whatever was to happen at period end, but for what was chosen since (R31, R37).
    update subscription s set ends_at_period_end = false, next_package_id = null, next_package_version = null
    from purchase p
    join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
    where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) and p.origin = 'by_hand'
      and s.tenant_id = p_tenant and s.subscription_id = l.subscription_id and s.chosen_real_at < p.planned_real_at;
    insert into subscription (tenant_id, subscription_id, account_id, seller_id, package_id, package_version, purchase_id,
        credits, chatbots, recurring_minor, currency, billing_interval, anchor_at, months_done, period_starts_at,
        period_ends_at, due_at, wake_at, kind, automatic, created_at)
    select p_tenant, l.subscription_id, p.buyer_id, p.seller_id, l.package_id, l.package_version, p.purchase_id,
        coalesce(l.runs_credits, l.credits), l.chatbots, l.recurring_minor, p.currency,
        l.runs_interval, l.runs_anchor_at, l.runs_months_done, l.runs_starts_at, l.runs_ends_at, l.runs_due_at,
        l.runs_due_at, l.kind, p.automatic, p_at
    from purchase p
    join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
    where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) and l.subscription_id is not null
    on conflict (tenant_id, subscription_id) do update set
        purchase_id = excluded.purchase_id, package_id = excluded.package_id, package_version = excluded.package_version,
        credits = excluded.credits, chatbots = subscription.chatbots + excluded.chatbots, chatbots_to_come = 0,
        recurring_minor = excluded.recurring_minor, billing_interval = excluded.billing_interval,
        anchor_at = excluded.anchor_at, months_done = excluded.months_done,
        period_starts_at = excluded.period_starts_at, period_ends_at = excluded.period_ends_at,
        due_at = excluded.due_at, past_due_since = null, reason = null, seller_failed_at = null,
        -- One that ended while it was being paid for, with its account, stays so: what was brought is given back.
        wake_at = case subscription.state when 'ended' then null else excluded.wake_at end,
        state = case subscription.state when 'ended' then 'ended' else 'active' end
$$;
