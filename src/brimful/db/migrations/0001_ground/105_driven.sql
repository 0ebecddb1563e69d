-- Purchases as those who drive them and record what becomes of them see them. Each function takes its locks first and
-- reads in a statement of its own after that, so that what it answers is not older than the locks.

-- A purchase with its charge, if it has one.
create view charged_purchase as
select p.tenant_id, p.purchase_id, p.buyer_id, p.seller_id, p.origin, p.mode, p.state, p.reason, p.amount_minor,
       p.currency, p.credits, p.chatbots, p.demand_id, p.trigger_kind, p.explanation, p.planned_at,
       p.tries, p.step_real_at, p.fence,
       c.charge_id, c.gateway, c.gateway_account, c.gateway_customer, c.gateway_method, c.fingerprint, c.card,
       c.payment_id, c.amount_minor as charge_minor, c.capture, c.state as charge_state, c.decline_code, c.decline_hard,
       c.attempted_at, p.present, p.wake_real_at, c.refund_asked_real_at,
       exists (
           select from breaker b
           where b.tenant_id = c.tenant_id and b.gateway_account = c.gateway_account and b.fingerprint = c.fingerprint
             and b.soft_declines > 0) as soft_declined,
       exists (
           select from gateway_outage g
           where g.tenant_id = c.tenant_id and g.gateway_account = c.gateway_account and g.ended_at is null) as outage_open
from purchase p
left join charge c on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id;

-- Leases in real time with fencing tokens; the holder renews one with the token it has. Answers those that were had.
-- A row is looked at once more when its lock is had, and nobody changes it from there on.
create function claim_purchases_v1(
    p_tenant uuid, p_purchases uuid[], p_fences bigint[], p_real_at timestamptz, p_until timestamptz
) returns setof charged_purchase language plpgsql as $$
declare
    v_had uuid[];
begin
    with free as (
        select p.purchase_id, t.fence as held from purchase p
        join unnest(p_purchases, p_fences) as t (purchase_id, fence) on t.purchase_id = p.purchase_id
        where p.tenant_id = p_tenant and p.state in ('planned', 'created', 'authenticating', 'capturing', 'canceling')
          and (p.lease_until <= p_real_at or p.fence = t.fence)
        order by p.purchase_id
        for update of p
    ), had as (
        update purchase p set lease_until = p_until, fence = case when p.fence = free.held then p.fence else p.fence + 1 end
        from free
        where p.tenant_id = p_tenant and p.purchase_id = free.purchase_id
        returning p.purchase_id
    )
    select array_agg(purchase_id) into v_had from had;
    return query
        select * from charged_purchase c
        where c.tenant_id = p_tenant and c.purchase_id = any (v_had) order by c.purchase_id;
end $$;

-- Purchases of one tenant, locked after the pools of their buyers and sellers, in the one order that everybody uses.
create function lock_purchases_v1(p_tenant uuid, p_purchases uuid[]) returns setof charged_purchase language plpgsql as $$
begin
    perform lock_pools_v1(p_tenant, array(
        select distinct unnest(array[p.buyer_id, p.seller_id]) from purchase p
        where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases)));
    perform 1 from purchase p
    where p.tenant_id = p_tenant and p.purchase_id = any (p_purchases) order by p.purchase_id for update;
    return query
        select * from charged_purchase c
        where c.tenant_id = p_tenant and c.purchase_id = any (p_purchases) order by c.purchase_id;
end $$;

-- What some cards did lately: the attempts in vain since an instant that still count, and those without an answer yet.
-- Whoever begins or ends an attempt at a card locks it, wherever it is on file, so that attempts are counted exactly.
create function read_cards_v1(p_tenant uuid, p_accounts text[], p_fingerprints text[], p_since timestamptz)
returns table (
    gateway_account text, fingerprint text, soft_declines int, first_declined_at timestamptz, retry_at timestamptz,
    paused_reason text, attempts timestamptz[], under_way bigint
) language plpgsql as $$
begin
    perform 1 from payment_method m
    join unnest(p_accounts, p_fingerprints) as t (account, print) on m.gateway_account = t.account and m.fingerprint = t.print
    where m.tenant_id = p_tenant and m.removed_at is null
    order by m.gateway_account, m.fingerprint, m.method_id
    for no key update of m;
    return query
        select t.account, t.print, coalesce(b.soft_declines, 0), b.first_declined_at, b.retry_at, b.paused_reason,
            array(
                select c.declined_at from charge c
                where c.tenant_id = p_tenant and c.gateway_account = t.account and c.fingerprint = t.print
                  and c.declined_at > greatest(p_since, b.counts_from)
                order by c.declined_at
            ),
            (select count(*) from charge c
             where c.tenant_id = p_tenant and c.gateway_account = t.account and c.fingerprint = t.print
               and c.state = 'open' and c.attempted_at is not null and c.declined_at is null)
        from unnest(p_accounts, p_fingerprints) as t (account, print)
        left join breaker b on b.tenant_id = p_tenant and b.gateway_account = t.account and b.fingerprint = t.print;
end $$;
