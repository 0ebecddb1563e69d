-- What waits on a pool, with what it lacks there.
create view waiting_demand as
select tenant_id, account_id, demand_id, kind, operation_id, child_id, seq,
    credits - reserved_credits as short_credits, chatbots - reserved_chatbots as short_chatbots, credits, chatbots
from demand
where state = 'waiting';

-- The sellers of those among an account and its ancestors that have something due that can begin (R35); the less deep, the nearer
-- to the root.
create function due_above_v1(p_tenant uuid, p_account uuid, p_at timestamptz)
returns table (seller_id uuid, depth int) language sql stable as $$
    select s.seller_id, min(array_position(a.ancestors, s.account_id))
    from account a
    join subscription s
        on s.tenant_id = a.tenant_id and s.account_id = any (a.ancestors) and s.state <> 'ended' and s.wake_at <= p_at
    where a.tenant_id = p_tenant and a.account_id = p_account
      -- One that an open purchase of its account changes or carries on comes after that, and so does every one of an account
      -- that has a renewal under way: what is to be waited for is that, and what waits for a person is not (R19, R20).
      and not exists (
          select 1 from subscription_in_purchase u
          where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id)
      and not exists (
          select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
      -- One that is to move by now renews elsewhere (R46).
      and not exists (
          select 1 from account b where b.tenant_id = s.tenant_id and b.account_id = s.account_id and b.moves_at <= p_at)
    group by s.seller_id
$$;

-- What a plan for a pool begins with, in one call: the pools of the account and its seller are locked, what came free is offered
-- before anything is bought for it (R20), and then it is looked at what stands in the way of buying, and what waits: by
-- statements that begin when the locks are had, so that they see what was committed before. Whoever plans may have looked at
-- the clock before that: it is planned at no earlier time than that of the last demand, or what fell due in between would not
-- come first (R35).
create function open_plan_v1(p_tenant uuid, p_account uuid, p_at timestamptz, p_real_at timestamptz)
returns table (
    planned_at timestamptz, kinds text[], operations uuid[], outcomes text[], at_gateway boolean, due_sellers uuid[],
    waiting waiting_demand[], zone text
) language plpgsql as $$
begin
    perform lock_buyer_v1(p_tenant, p_account);
    planned_at := greatest(p_at, (
        select max(d.created_at) from demand d
        where d.tenant_id = p_tenant and d.account_id = p_account and d.state = 'waiting'));
    select array_agg(o.kind), array_agg(o.operation_id), array_agg(o.outcome) into kinds, operations, outcomes
    from offer_stock_v1(p_tenant, p_account, planned_at, p_real_at) o;
    at_gateway := exists (select from awaited_purchase w where w.tenant_id = p_tenant and w.buyer_id = p_account);
    if not at_gateway then
        due_sellers := array(select d.seller_id from due_above_v1(p_tenant, p_account, planned_at) d order by d.depth);
        waiting := array(
            select w from waiting_demand w where w.tenant_id = p_tenant and w.account_id = p_account order by w.seq);
    end if;
    zone := (select a.zone from account a where a.tenant_id = p_tenant and a.account_id = p_account);
    return next;
end $$;
