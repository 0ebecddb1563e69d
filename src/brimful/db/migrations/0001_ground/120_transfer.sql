-- Sells credits: from what a demand reserved at the seller, from its free stock (an allotment), or from the
-- unlimited supply; and opens the buyer's lot on the terms sold (R3).
create function transfer_credits_v1(
    p_tenant uuid, p_transfer uuid, p_seller uuid, p_buyer uuid, p_demand uuid, p_amount bigint,
    p_operation uuid, p_kind text, p_lot uuid, p_terms text, p_cost_minor bigint, p_currency text,
    p_expires_at timestamptz, p_at timestamptz
) returns void language plpgsql as $$
declare
    v_supply boolean;
    v_left bigint := p_amount;
    v_take bigint;
    v_lot record;
begin
    select supply into strict v_supply from account where tenant_id = p_tenant and account_id = p_seller;
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, at)
    values (p_tenant, p_transfer, 'credits', p_seller, p_buyer, p_amount, p_operation, p_kind, p_at);
    if v_supply then
        perform move_v1(p_tenant, p_seller, 'credits', p_kind, 'issued', 'sold', p_amount, p_operation, p_at);
    elsif p_demand is not null then
        for v_lot in
            select r.lot_id, r.credits from reservation r join lot using (tenant_id, lot_id)
            where r.tenant_id = p_tenant and r.demand_id = p_demand
            order by lot.expires_at nulls last, r.lot_id
        loop
            exit when v_left = 0;
            v_take := least(v_left, v_lot.credits);
            update lot set pinned = pinned - v_take where tenant_id = p_tenant and lot_id = v_lot.lot_id;
            if v_take = v_lot.credits then
                delete from reservation where tenant_id = p_tenant and demand_id = p_demand and lot_id = v_lot.lot_id;
            else
                update reservation set credits = credits - v_take
                where tenant_id = p_tenant and demand_id = p_demand and lot_id = v_lot.lot_id;
            end if;
            insert into transfer_lot (tenant_id, transfer_id, lot_id, credits) values (p_tenant, p_transfer, v_lot.lot_id, v_take);
            v_left := v_left - v_take;
        end loop;
        if v_left <> 0 then
            raise exception 'demand % lacks % reserved credits for its delivery', p_demand, v_left;
        end if;
        perform move_v1(p_tenant, p_seller, 'credits', p_kind, 'reserved', 'sold', p_amount, p_operation, p_at);
    else
        perform settle_v1(p_tenant, p_seller, p_at);
        perform move_v1(p_tenant, p_seller, 'credits', p_kind, 'free', 'sold', p_amount, p_operation, p_at);
        for v_lot in
            select lot_id, free from lot
            where tenant_id = p_tenant and account_id = p_seller and free > 0
            order by expires_at nulls last, lot_id
        loop
            exit when v_left = 0;
            v_take := least(v_left, v_lot.free);
            update lot set free = free - v_take where tenant_id = p_tenant and lot_id = v_lot.lot_id;
            insert into transfer_lot (tenant_id, transfer_id, lot_id, credits) values (p_tenant, p_transfer, v_lot.lot_id, v_take);
            v_left := v_left - v_take;
        end loop;
    end if;
    perform settle_v1(p_tenant, p_buyer, p_at);
    insert into lot (tenant_id, lot_id, account_id, terms, transfer_id, amount, free, cost_minor, currency, expires_at, opened_at)
    values (p_tenant, p_lot, p_buyer, p_terms, p_transfer, p_amount, p_amount, p_cost_minor, p_currency, p_expires_at, p_at);
    perform move_v1(p_tenant, p_buyer, 'credits', p_kind, 'outside', 'free', p_amount, p_operation, p_at);
    update balance set next_expiry_at = least(next_expiry_at, p_expires_at)
    where tenant_id = p_tenant and account_id = p_buyer and resource = 'credits' and p_expires_at is not null;
end $$;

-- Allots chatbots to a buyer: from a reservation, from free stock, or from the supply.
create function transfer_chatbots_v1(
    p_tenant uuid, p_transfer uuid, p_seller uuid, p_buyer uuid, p_demand uuid, p_amount bigint,
    p_operation uuid, p_kind text, p_at timestamptz
) returns void language plpgsql as $$
declare
    v_supply boolean;
begin
    select supply into strict v_supply from account where tenant_id = p_tenant and account_id = p_seller;
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, at)
    values (p_tenant, p_transfer, 'chatbots', p_seller, p_buyer, p_amount, p_operation, p_kind, p_at);
    perform move_v1(p_tenant, p_seller, 'chatbots', p_kind,
        case when v_supply then 'issued' when p_demand is null then 'free' else 'reserved' end,
        'sold', p_amount, p_operation, p_at);
    perform move_v1(p_tenant, p_buyer, 'chatbots', p_kind, 'outside', 'free', p_amount, p_operation, p_at);
end $$;
