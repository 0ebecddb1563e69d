-- Whether something was bought for a demand, or is or was to be.
create function is_bought_for_v1(p_tenant uuid, p_demand uuid) returns boolean language sql stable
begin atomic
    select exists (select from purchase_demand s where s.tenant_id = p_tenant and s.demand_id = p_demand);
end;

-- Ends a spend for which nobody waits any more, undebited.
create function give_up_spend_v1(p_tenant uuid, p_spend uuid, p_demand uuid, p_at timestamptz) returns void
language plpgsql as $$
begin
    perform end_demand_v1(p_tenant, p_demand, 'abandoned', 'auto_billing_pending', p_at);
    update spend set state = 'abandoned', reason = 'auto_billing_pending'
    where tenant_id = p_tenant and spend_id = p_spend and state = 'waiting';
end $$;

-- Gives a demand what is free and, when that is all it lacked, completes what waited for it: a spend is debited or held,
-- a chatbot created, a child's purchase may capture. Answers what became of it. A spend whose caller was due its answer is
-- not debited any more (R20). It is "late" while it lacks something and nothing is bought for it: its caller, who may be about
-- to see to that, has a few seconds to give it up, and has died after that. What it lacks less by then is set aside for it, so
-- that no more is bought than is missing.
create function try_demand_v1(p_tenant uuid, p_demand uuid, p_at timestamptz, p_real_at timestamptz)
returns text language plpgsql as $$
declare
    d demand;
    v_late boolean;
    v_left boolean;
    v_held boolean;
    v_free bigint;
begin
    select * into strict d from demand where tenant_id = p_tenant and demand_id = p_demand;
    if d.kind = 'spend' then
        select answer_by < p_real_at, answer_by < p_real_at - interval '5 seconds', held_as is not null
        into v_late, v_left, v_held from spend
        where tenant_id = p_tenant and spend_id = d.operation_id and state = 'waiting' for update;
        if v_late and not v_left and not is_bought_for_v1(p_tenant, p_demand) and not reserve_v1(p_tenant, p_demand, p_at) then
            return 'late';
        end if;
        if v_late is not false then
            perform give_up_spend_v1(p_tenant, d.operation_id, p_demand, p_at);
            return 'abandoned';
        end if;
        -- The usual case of a storm: nothing reserved, enough free; no lot needs pinning on the way.
        if d.reserved_credits = 0 and not v_held then
            select free into v_free from balance
            where tenant_id = p_tenant and account_id = d.account_id and resource = 'credits' for update;
            if v_free >= d.credits then
                v_free := move_v1(p_tenant, d.account_id, 'credits', 'spend', 'free', 'used', d.credits, d.operation_id, p_at);
                update balance set unsettled = unsettled + d.credits
                where tenant_id = p_tenant and account_id = d.account_id and resource = 'credits';
                update demand set state = 'consumed', ended_at = p_at where tenant_id = p_tenant and demand_id = p_demand;
                update spend set state = 'done', balance_after = v_free, reason = null
                where tenant_id = p_tenant and spend_id = d.operation_id;
                return 'consumed';
            end if;
        end if;
    end if;
    if not reserve_v1(p_tenant, p_demand, p_at) then
        return 'waiting';
    end if;
    if d.kind = 'spend' then
        perform finish_spend_v1(p_tenant, p_demand, p_at, p_real_at);
        return 'consumed';
    elsif d.kind = 'chatbot' then
        perform consume_demand_v1(p_tenant, p_demand, 'chatbot', p_at);
        update chatbot set state = 'active', reason = null where tenant_id = p_tenant and chatbot_id = d.operation_id;
        return 'consumed';
    end if;
    update purchase set state = 'capturing', wake_real_at = p_real_at, tries = 0, step_real_at = p_real_at
    where tenant_id = p_tenant and purchase_id = d.operation_id and state = 'waiting';
    return 'met';
end $$;

-- Offers what is free to the demands that wait, in arrival order, those that a purchase just granted was sized for before
-- all others (R17); what they leave repays what is overdrawn.
create function offer_stock_v1(
    p_tenant uuid, p_account uuid, p_at timestamptz, p_real_at timestamptz, p_bought uuid default null
) returns table (kind text, operation_id uuid, outcome text) language plpgsql set enable_seqscan = off as $$
declare
    d record;
    v_outcome text;
begin
    perform lock_settled_v1(p_tenant, p_account, p_at);
    return query
        select 'purchase', m.operation_id, 'met' from meet_first_v1(p_tenant, p_account, p_bought, p_at, p_real_at) m (operation_id);
    for d in
        select demand.demand_id, demand.kind, demand.operation_id from demand
        where tenant_id = p_tenant and account_id = p_account and state = 'waiting'
        order by exists (
            select 1 from purchase_demand s
            where s.tenant_id = p_tenant and s.purchase_id = p_bought and s.demand_id = demand.demand_id
        ) desc, seq
    loop
        exit when not exists (
            select 1 from balance b where b.tenant_id = p_tenant and b.account_id = p_account and b.free > 0);
        v_outcome := try_demand_v1(p_tenant, d.demand_id, p_at, p_real_at);
        if v_outcome not in ('waiting', 'late') then
            kind := d.kind;
            operation_id := d.operation_id;
            outcome := v_outcome;
            return next;
        end if;
    end loop;
    perform repay_v1(p_tenant, p_account, p_at);
end $$;

-- Ends the demands that wait (all, or only those named) because the account cannot buy what they lack.
-- In arrival order, and each is first offered what the ones before it gave back (R20).
create function fail_waiting_v1(
    p_tenant uuid, p_account uuid, p_only uuid[], p_reason text, p_child_reason text, p_at timestamptz, p_real_at timestamptz
) returns table (kind text, operation_id uuid, child_id uuid, credits bigint, chatbots bigint, outcome text) language plpgsql as $$
declare
    d record;
    v_outcome text;
begin
    -- The balance before any spend's row: the order in which everybody locks them.
    perform settle_v1(p_tenant, p_account, p_at);
    for d in
        select * from demand
        where demand.tenant_id = p_tenant and demand.account_id = p_account and demand.state = 'waiting' order by seq
    loop
        v_outcome := try_demand_v1(p_tenant, d.demand_id, p_at, p_real_at);
        if v_outcome = 'late' and (p_only is null or d.demand_id = any (p_only)) then
            perform give_up_spend_v1(p_tenant, d.operation_id, d.demand_id, p_at);
            v_outcome := 'abandoned';
        end if;
        if v_outcome = 'waiting' and (p_only is null or d.demand_id = any (p_only)) then
            perform end_demand_v1(p_tenant, d.demand_id, 'failed', p_reason, p_at);
            v_outcome := 'failed';
            if d.kind = 'spend' then
                update spend set state = 'refused', reason = p_reason
                where tenant_id = p_tenant and spend_id = d.operation_id and state = 'waiting';
            elsif d.kind = 'chatbot' then
                update chatbot set state = 'refused', reason = p_reason
                where tenant_id = p_tenant and chatbot_id = d.operation_id and state = 'waiting';
            else
                update purchase set state = 'canceling', reason = p_child_reason, wake_real_at = p_real_at, tries = 0,
                    step_real_at = p_real_at
                where tenant_id = p_tenant and purchase_id = d.operation_id and state = 'waiting';
            end if;
        end if;
        if v_outcome not in ('waiting', 'late') then
            kind := d.kind;
            operation_id := d.operation_id;
            child_id := d.child_id;
            credits := d.credits;
            chatbots := d.chatbots;
            outcome := v_outcome;
            return next;
        end if;
    end loop;
    perform repay_v1(p_tenant, p_account, p_at);
end $$;
