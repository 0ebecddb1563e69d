-- What waits on a pool, with what it lacks there.
create view waiting_demand as
select tenant_id, account_id, demand_id, kind, operation_id, child_id, seq,
    credits - reserved_credits as short_credits, chatbots - reserved_chatbots as short_chatbots, credits, chatbots
from demand
where state = 'waiting';

-- Whether a purchase of an account is open that a shortage waits for (R19, R35): an open auto-billing or renewal, or one by
-- hand that is at the gateway, or is being cancelled there and may turn out to have been taken. One that was declined will
-- not.
create function is_at_gateway_v1(p_tenant uuid, p_buyer uuid) returns boolean language sql stable as $$
    select exists (
        select 1 from purchase p
        where p.tenant_id = p_tenant and p.buyer_id = p_buyer and p.state not in ('delivered', 'failed')
          and ((p.origin <> 'by_hand' and p.state <> 'authenticating')
               or p.state in ('planned', 'created', 'capturing')
               or (p.state = 'canceling' and coalesce((
                   select bool_or(c.decline_code is null) from charge c
                   where c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id), true))))
$$;

-- Of an account and its ancestors, those with something due or under way, and who sells it (R35).
create function due_above_v1(p_tenant uuid, p_account uuid, p_at timestamptz)
returns table (seller_id uuid, account_id uuid, depth int) language sql stable as $$
    select distinct s.seller_id, s.account_id, array_position(a.ancestors, s.account_id)
    from account a
    join subscription s
        on s.tenant_id = a.tenant_id and s.account_id = any (a.ancestors) and s.state <> 'ended' and s.wake_at <= p_at
    where a.tenant_id = p_tenant and a.account_id = p_account
      -- One that an open purchase of its account changes or carries on comes after that.
      and not exists (
          select 1 from subscription_in_purchase u
          where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id)
$$;

-- What a plan for a pool begins with, in one turn: the pools of the account and its seller are locked, what came free is offered
-- before anything is bought for it (R20), and then it is looked at what stands in the way of buying, and what waits: by
-- statements that begin when the locks are had, so that they see what was committed before.
create function open_plan_v1(p_tenant uuid, p_account uuid, p_at timestamptz, p_real_at timestamptz)
returns table (
    kinds text[], operations uuid[], outcomes text[], at_gateway boolean, due_sellers uuid[], waiting waiting_demand[]
) language plpgsql as $$
begin
    perform lock_buyer_v1(p_tenant, p_account);
    select array_agg(o.kind), array_agg(o.operation_id), array_agg(o.outcome) into kinds, operations, outcomes
    from offer_stock_v1(p_tenant, p_account, p_at, p_real_at) o;
    at_gateway := is_at_gateway_v1(p_tenant, p_account);
    if not at_gateway then
        due_sellers := array(select d.seller_id from due_above_v1(p_tenant, p_account, p_at) d order by d.depth);
        waiting := array(
            select w from waiting_demand w where w.tenant_id = p_tenant and w.account_id = p_account order by w.seq);
    end if;
    return next;
end $$;
