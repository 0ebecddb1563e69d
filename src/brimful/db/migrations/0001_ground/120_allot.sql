-- Hands credits to a child by hand: from the seller's free stock, the soonest-expiring lots first, or from the
-- unlimited supply; and opens the child's lot (R3, R46).
create function allot_credits_v1(
    p_tenant uuid, p_transfer uuid, p_seller uuid, p_buyer uuid, p_amount bigint, p_operation uuid, p_lot uuid,
    p_currency text, p_expires_at timestamptz, p_at timestamptz
) returns void language plpgsql as $$
declare
    v_supply boolean;
    v_left bigint := p_amount;
    v_take bigint;
    v_lot record;
begin
    select supply into strict v_supply from account where tenant_id = p_tenant and account_id = p_seller;
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, at)
    values (p_tenant, p_transfer, 'credits', p_seller, p_buyer, p_amount, p_operation, 'allotment', p_at);
    if v_supply then
        perform move_v1(p_tenant, p_seller, 'credits', 'allotment', 'issued', 'sold', p_amount, p_operation, p_at);
    else
        perform settle_v1(p_tenant, p_seller, p_at);
        perform move_v1(p_tenant, p_seller, 'credits', 'allotment', 'free', 'sold', p_amount, p_operation, p_at);
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
    values (p_tenant, p_lot, p_buyer, 'additional', p_transfer, p_amount, p_amount, 0, p_currency, p_expires_at, p_at);
    perform move_v1(p_tenant, p_buyer, 'credits', 'allotment', 'outside', 'free', p_amount, p_operation, p_at);
    update balance set next_expiry_at = least(next_expiry_at, p_expires_at)
    where tenant_id = p_tenant and account_id = p_buyer and resource = 'credits' and p_expires_at is not null;
end $$;

-- Hands chatbots to a child by hand: from free stock, or from the supply.
create function allot_chatbots_v1(
    p_tenant uuid, p_transfer uuid, p_seller uuid, p_buyer uuid, p_amount bigint, p_operation uuid, p_at timestamptz
) returns void language plpgsql as $$
declare
    v_supply boolean;
begin
    select supply into strict v_supply from account where tenant_id = p_tenant and account_id = p_seller;
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, at)
    values (p_tenant, p_transfer, 'chatbots', p_seller, p_buyer, p_amount, p_operation, 'allotment', p_at);
    perform move_v1(p_tenant, p_seller, 'chatbots', 'allotment', case when v_supply then 'issued' else 'free' end,
        'sold', p_amount, p_operation, p_at);
    perform move_v1(p_tenant, p_buyer, 'chatbots', 'allotment', 'outside', 'free', p_amount, p_operation, p_at);
end $$;
