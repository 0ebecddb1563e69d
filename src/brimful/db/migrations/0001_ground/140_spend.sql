-- A spend that finds enough, or is short by no more than its account may overdraw (R33): key, debit and entries in one
-- call. Otherwise it says why and changes nothing.
create function spend_v1(
    p_tenant uuid, p_account uuid, p_key text, p_hash bytea, p_spend uuid, p_credits bigint,
    p_model text, p_messages bigint, p_at timestamptz
) returns table (outcome text, spend_id uuid, credits bigint, balance_after bigint) language plpgsql as $$
#variable_conflict use_column
declare
    b balance;
    s spend;
    v_free bigint;
    v_beyond bigint := 0;
begin
    select * into strict b from balance
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    select * into s from spend where tenant_id = p_tenant and account_id = p_account and key = p_key for update;
    if found and s.body_hash <> p_hash then
        return query select 'conflict', s.spend_id, s.credits, null::bigint;
        return;
    elsif found and s.state in ('done', 'waiting') then
        return query select s.state, s.spend_id, s.credits, s.balance_after;
        return;
    elsif not found and exists (
        select 1 from command c where c.tenant_id = p_tenant and c.account_id = p_account and c.key = p_key
    ) then
        return query select 'conflict', p_spend, p_credits, null::bigint;
        return;
    end if;
    if b.next_expiry_at <= p_at then
        perform settle_v1(p_tenant, p_account, p_at);
        select * into strict b from balance
        where tenant_id = p_tenant and account_id = p_account and resource = 'credits';
    end if;
    if b.free < p_credits then
        v_beyond := p_credits - b.free;
        if not exists (
            select 1 from overdraft o
            where o.tenant_id = p_tenant and o.account_id = p_account and o.limit_credits >= b.overdrawn + v_beyond
        ) then
            return query select 'short', p_spend, p_credits, b.free;
            return;
        end if;
        perform move_v1(p_tenant, p_account, 'credits', 'spend', 'overdrawn', 'used', v_beyond, p_spend, p_at);
    end if;
    v_free := move_v1(p_tenant, p_account, 'credits', 'spend', 'free', 'used', p_credits - v_beyond, p_spend, p_at)
        - b.overdrawn - v_beyond;
    update balance set unsettled = unsettled + p_credits - v_beyond
    where tenant_id = p_tenant and account_id = p_account and resource = 'credits';
    insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, model, messages, state, balance_after, at)
    values (p_tenant, p_account, p_key, p_spend, p_hash, p_credits, p_model, p_messages, 'done', v_free, p_at)
    on conflict (tenant_id, account_id, key) do update set
        spend_id = excluded.spend_id, credits = excluded.credits, state = 'done', reason = null, demand_id = null,
        balance_after = excluded.balance_after, at = excluded.at;
    return query select 'done', p_spend, p_credits, v_free;
end $$;

-- Registers a spend that is short: it waits for its account's auto-billing until answer_by (R20).
create function wait_for_spend_v1(
    p_tenant uuid, p_account uuid, p_key text, p_hash bytea, p_spend uuid, p_demand uuid, p_credits bigint,
    p_model text, p_messages bigint, p_answer_by timestamptz, p_at timestamptz, p_real_at timestamptz
) returns text language plpgsql as $$
begin
    perform lock_pools_v1(p_tenant, array[p_account]);
    perform settle_v1(p_tenant, p_account, p_at);
    insert into spend (tenant_id, account_id, key, spend_id, body_hash, credits, model, messages, state, demand_id, answer_by, at)
    values (p_tenant, p_account, p_key, p_spend, p_hash, p_credits, p_model, p_messages, 'waiting', p_demand, p_answer_by, p_at)
    on conflict (tenant_id, account_id, key) do update set
        spend_id = excluded.spend_id, credits = excluded.credits, state = 'waiting', reason = null,
        demand_id = excluded.demand_id, balance_after = null, answer_by = excluded.answer_by, at = excluded.at
        where spend.state in ('refused', 'abandoned') and spend.body_hash = excluded.body_hash;
    if not found then
        return 'raced';
    end if;
    if register_demand_v1(p_tenant, p_account, p_demand, 'spend', p_spend, null, p_credits, 0, p_at, p_real_at) then
        update spend set state = 'done',
            balance_after = consume_demand_v1(p_tenant, p_demand, 'spend', p_at)
        where tenant_id = p_tenant and account_id = p_account and key = p_key;
        return 'done';
    end if;
    return 'waiting';
end $$;

-- The caller has gone: compare-and-set, so that a debit and an abandonment cannot both happen (R20). A spend
-- that another call with its key took over, or waits for longer, is left to that one.
create function abandon_spend_v1(p_tenant uuid, p_spend uuid, p_at timestamptz, p_real_at timestamptz)
returns boolean language plpgsql as $$
declare
    v_demand uuid;
    v_account uuid;
begin
    select account_id into v_account from spend where tenant_id = p_tenant and spend_id = p_spend;
    if not found then
        return false;
    end if;
    perform lock_pools_v1(p_tenant, array[v_account]);
    perform settle_v1(p_tenant, v_account, p_at);
    update spend set state = 'abandoned', reason = 'auto_billing_pending'
    where tenant_id = p_tenant and spend_id = p_spend and state = 'waiting' and answer_by <= p_real_at
    returning demand_id into v_demand;
    if not found then
        return false;
    end if;
    perform end_demand_v1(p_tenant, v_demand, 'abandoned', 'auto_billing_pending', p_at);
    return true;
end $$;
