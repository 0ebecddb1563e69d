-- Chatbots go back to whoever sold them: to its free stock, or to the unlimited supply, which has issued fewer then.
create function return_chatbots_v1(
    p_tenant uuid, p_transfer uuid, p_seller uuid, p_buyer uuid, p_amount bigint, p_operation uuid, p_at timestamptz
) returns void language plpgsql as $$
declare
    v_supply boolean;
begin
    select supply into strict v_supply from account where tenant_id = p_tenant and account_id = p_seller;
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, at)
    values (p_tenant, p_transfer, 'chatbots', p_seller, p_buyer, p_amount, p_operation, 'return', p_at);
    perform move_v1(p_tenant, p_buyer, 'chatbots', 'return', 'free', 'outside', p_amount, p_operation, p_at);
    perform move_v1(p_tenant, p_seller, 'chatbots', 'return', 'sold', case when v_supply then 'issued' else 'free' end,
        p_amount, p_operation, p_at);
end $$;

-- Which of the seller's lots a transfer of credits has taken, less what was given back to them, and with what was taken
-- again for it since (R3, R25).
create function lent_v1(p_tenant uuid, p_transfer uuid) returns table (lot_id uuid, credits bigint)
language sql stable as $$
    select l.lot_id, sum(case t.kind when 'return' then -l.credits else l.credits end)::bigint
    from transfer t
    join transfer_lot l on l.tenant_id = t.tenant_id and l.transfer_id = t.transfer_id
    where t.tenant_id = p_tenant and (t.transfer_id = p_transfer or t.returns = p_transfer)
    group by l.lot_id
$$;

-- What is unspent of a lot goes back to whoever sold it, into the lots that it was taken from, so with the expiries
-- that it came with; the latest-expiring first, for what was spent counts as the soonest-expiring. Both accounts are
-- settled before and the seller after, so that what has ended meanwhile lapses there (R25, R36, R46). What is taken is
-- free, or frozen.
create function return_credits_v1(
    p_tenant uuid, p_transfer uuid, p_lot uuid, p_amount bigint, p_operation uuid, p_at timestamptz,
    p_frozen boolean default false
) returns void language plpgsql as $$
declare
    t transfer;
    v_supply boolean;
    v_left bigint := p_amount;
    v_take bigint;
    v_lot record;
begin
    select o.* into strict t from lot
    join transfer o on o.tenant_id = lot.tenant_id and o.transfer_id = lot.transfer_id
    where lot.tenant_id = p_tenant and lot.lot_id = p_lot;
    select supply into strict v_supply from account where tenant_id = p_tenant and account_id = t.seller_id;
    perform settle_v1(p_tenant, t.buyer_id, p_at);
    update lot set
        free = free - case when p_frozen then 0 else p_amount end,
        frozen = frozen - case when p_frozen then p_amount else 0 end,
        returned = returned + p_amount
    where tenant_id = p_tenant and lot_id = p_lot;
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, returns, at)
    values (p_tenant, p_transfer, 'credits', t.seller_id, t.buyer_id, p_amount, p_operation, 'return', t.transfer_id, p_at);
    perform move_v1(p_tenant, t.buyer_id, 'credits', 'return', case when p_frozen then 'held' else 'free' end, 'outside',
        p_amount, p_operation, p_at);
    perform settle_v1(p_tenant, t.buyer_id, p_at);
    if v_supply then
        perform move_v1(p_tenant, t.seller_id, 'credits', 'return', 'sold', 'issued', p_amount, p_operation, p_at);
        return;
    end if;
    perform settle_v1(p_tenant, t.seller_id, p_at);
    perform move_v1(p_tenant, t.seller_id, 'credits', 'return', 'sold', 'free', p_amount, p_operation, p_at);
    for v_lot in
        select lot_id, credits from lent_v1(p_tenant, t.transfer_id)
        join lot using (lot_id)
        where lot.tenant_id = p_tenant
        order by lot.expires_at desc nulls first, lot_id desc
    loop
        exit when v_left = 0;
        v_take := least(v_left, v_lot.credits);
        continue when v_take = 0;
        update lot set free = free + v_take where tenant_id = p_tenant and lot_id = v_lot.lot_id;
        insert into transfer_lot (tenant_id, transfer_id, lot_id, credits) values (p_tenant, p_transfer, v_lot.lot_id, v_take);
        v_left := v_left - v_take;
    end loop;
    if v_left <> 0 then
        raise exception 'lot % would return % credits more than were taken for it', p_lot, v_left;
    end if;
    perform settle_v1(p_tenant, t.seller_id, p_at);
end $$;

-- A plan's credits end before their time, with the account that holds them (R46); those that are held for something still
-- end when they come free.
create function lapse_plan_v1(p_tenant uuid, p_account uuid, p_at timestamptz) returns void language plpgsql as $$
begin
    perform settle_v1(p_tenant, p_account, p_at);
    update lot set expires_at = case when free > 0 then p_at else expires_at end,
        lapsed_before = coalesce(lapsed_before, lapsed)
    where tenant_id = p_tenant and account_id = p_account and terms = 'plan'
      and (free > 0 or lapsed_before is null and pinned + frozen + returned > 0)
      -- What refunds or disputes lack of it comes first (R25).
      and not exists (
          select 1 from lacking_reversal r where r.tenant_id = p_tenant and r.lot_id = lot.lot_id);
    perform settle_v1(p_tenant, p_account, p_at);
end $$;

-- Chatbots that lose their seats, which are free then: an entry each (R31).
create function pause_chatbots_v1(p_tenant uuid, p_account uuid, p_chatbots uuid[], p_at timestamptz)
returns void language plpgsql as $$
declare
    v_chatbot uuid;
begin
    foreach v_chatbot in array p_chatbots loop
        update chatbot set state = 'paused'
        where tenant_id = p_tenant and account_id = p_account and chatbot_id = v_chatbot and state = 'active';
        perform move_v1(p_tenant, p_account, 'chatbots', 'pause', 'used', 'free', 1, v_chatbot, p_at);
    end loop;
end $$;

-- Chatbots that have a seat again, out of the free ones.
create function resume_chatbots_v1(p_tenant uuid, p_account uuid, p_chatbots uuid[], p_at timestamptz)
returns void language plpgsql as $$
declare
    v_chatbot uuid;
begin
    foreach v_chatbot in array p_chatbots loop
        update chatbot set state = 'active'
        where tenant_id = p_tenant and account_id = p_account and chatbot_id = v_chatbot and state = 'paused';
        perform move_v1(p_tenant, p_account, 'chatbots', 'resume', 'free', 'used', 1, v_chatbot, p_at);
    end loop;
end $$;

-- All chatbots of an account that is closed end, and their seats are free (R46).
create function end_chatbots_v1(p_tenant uuid, p_account uuid, p_at timestamptz) returns void language plpgsql as $$
declare
    v_chatbot record;
begin
    for v_chatbot in
        select chatbot_id, state from chatbot
        where tenant_id = p_tenant and account_id = p_account and state in ('active', 'paused')
        order by chatbot_id
    loop
        update chatbot set state = 'deleted', deleted_at = p_at where tenant_id = p_tenant and chatbot_id = v_chatbot.chatbot_id;
        if v_chatbot.state = 'active' then
            perform move_v1(p_tenant, p_account, 'chatbots', 'release', 'used', 'free', 1, v_chatbot.chatbot_id, p_at);
        end if;
    end loop;
end $$;
