-- Credits come back to a lot: it ends later by the time for which what is away of it was so in the mean, so that they do
-- not lapse for a refund that failed or a dispute that was won (R17, R25). What is still away counts from now.
create function prolong_v1(p_tenant uuid, p_purchase uuid, p_lot uuid, p_at timestamptz) returns void language sql as $$
    update lot set expires_at = (lot.expires_at at time zone 'UTC' + (p_at - r.away_since)) at time zone 'UTC'
    from reversal r
    where lot.tenant_id = p_tenant and lot.lot_id = p_lot and r.tenant_id = p_tenant and r.purchase_id = p_purchase
      and r.lot_id = p_lot and r.away_since < p_at;
    update reversal set away_since = p_at
    where tenant_id = p_tenant and purchase_id = p_purchase and lot_id = p_lot and away_since < p_at;
$$;

-- Sets free credits of a lot aside, or, with a negative amount, frees them again. The account is settled before, and
-- after, so that what has ended meanwhile lapses (R25, R36).
create function freeze_credits_v1(p_tenant uuid, p_lot uuid, p_amount bigint, p_operation uuid, p_at timestamptz)
returns void language plpgsql as $$
declare
    v_account uuid;
begin
    select account_id into strict v_account from lot where tenant_id = p_tenant and lot_id = p_lot;
    perform settle_v1(p_tenant, v_account, p_at);
    if p_amount < 0 then
        perform prolong_v1(p_tenant, p_operation, p_lot, p_at);
    end if;
    update lot set free = free - p_amount, frozen = frozen + p_amount where tenant_id = p_tenant and lot_id = p_lot;
    if p_amount > 0 then
        perform move_v1(p_tenant, v_account, 'credits', 'freeze', 'free', 'held', p_amount, p_operation, p_at);
    else
        perform move_v1(p_tenant, v_account, 'credits', 'unfreeze', 'held', 'free', -p_amount, p_operation, p_at);
    end if;
    perform settle_v1(p_tenant, v_account, p_at);
end $$;

-- Undoes the return of credits of a lot, as far as its seller has them free: out of the lots that they were given back
-- to, then the soonest-expiring. Answers how many; the unlimited supply has all (R25).
create function restore_credits_v1(
    p_tenant uuid, p_transfer uuid, p_lot uuid, p_amount bigint, p_operation uuid, p_at timestamptz
) returns bigint language plpgsql as $$
declare
    t transfer;
    v_supply boolean;
    v_amount bigint := p_amount;
    v_left bigint;
    v_take bigint;
    v_lot record;
begin
    select o.* into strict t from lot
    join transfer o on o.tenant_id = lot.tenant_id and o.transfer_id = lot.transfer_id
    where lot.tenant_id = p_tenant and lot.lot_id = p_lot;
    select supply into strict v_supply from account where tenant_id = p_tenant and account_id = t.seller_id;
    if not v_supply then
        perform settle_v1(p_tenant, t.seller_id, p_at);
        select least(p_amount, free) into strict v_amount from balance
        where tenant_id = p_tenant and account_id = t.seller_id and resource = 'credits';
    end if;
    if v_amount = 0 then
        return 0;
    end if;
    insert into transfer (tenant_id, transfer_id, resource, seller_id, buyer_id, amount, operation_id, kind, returns, at)
    values (p_tenant, p_transfer, 'credits', t.seller_id, t.buyer_id, v_amount, p_operation, 'restore', t.transfer_id, p_at);
    perform move_v1(p_tenant, t.seller_id, 'credits', 'restore', case when v_supply then 'issued' else 'free' end, 'sold',
        v_amount, p_operation, p_at);
    if not v_supply then
        v_left := v_amount;
        for v_lot in
            select l.lot_id, l.free from lot l
            where l.tenant_id = p_tenant and l.account_id = t.seller_id and l.free > 0
            order by exists (
                select 1 from transfer r
                join transfer_lot b on b.tenant_id = r.tenant_id and b.transfer_id = r.transfer_id
                where r.tenant_id = p_tenant and r.returns = t.transfer_id and r.kind = 'return' and b.lot_id = l.lot_id
            ) desc, l.expires_at nulls last, l.lot_id
        loop
            exit when v_left = 0;
            v_take := least(v_left, v_lot.free);
            update lot set free = free - v_take where tenant_id = p_tenant and lot_id = v_lot.lot_id;
            insert into transfer_lot (tenant_id, transfer_id, lot_id, credits) values (p_tenant, p_transfer, v_lot.lot_id, v_take);
            v_left := v_left - v_take;
        end loop;
        perform settle_v1(p_tenant, t.seller_id, p_at);
    end if;
    perform settle_v1(p_tenant, t.buyer_id, p_at);
    perform prolong_v1(p_tenant, p_operation, p_lot, p_at);
    update lot set free = free + v_amount, returned = returned - v_amount where tenant_id = p_tenant and lot_id = p_lot;
    perform move_v1(p_tenant, t.buyer_id, 'credits', 'restore', 'outside', 'free', v_amount, p_operation, p_at);
    perform settle_v1(p_tenant, t.buyer_id, p_at);
    return v_amount;
end $$;
