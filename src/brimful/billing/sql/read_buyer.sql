-- All that decides whether and how an account may buy by itself, in one row: what it may, has, spent and owes, and what its
-- seller has free and, unless $9 is null, offers. With $9 no package is withdrawn or changed before the transaction ends.
select a.tenant_id, a.account_id, a.parent_id, a.sells, a.zone, a.name, a.owner_email, a.state,
       b.enabled, b.per_charge_minor, b.per_hour_count, b.per_day_minor, b.per_month_minor,
       b.strategy, b.allowed_packages, b.buys_chatbots, b.brake_charges, b.brake_factor, k.account_id as braked,
       p.account_id as seller_id, p.supply as seller_is_supply, p.seller_ref, p.currency,
       p.merchant_ref as gateway_account,
       m.method_id, m.gateway, m.gateway_customer, m.gateway_method, m.fingerprint, m.brand, m.last4, m.off_session,
       m.role, m.paused_reason, m.retry_at,
       g.gateway_account is not null as outage_open, case when g.until_at > $3 or w.is_stuck then g.since_at end as out_since,
       f.credits as free_credits, s.free as free_chatbots, c.free + c.reserved as credits, s.free + s.reserved as chatbots,
       x.since_at as disconnected_at,
       u.anchor_at, u.period_starts_at, u.period_ends_at, u.billing_interval,
       t.*, o.*, p.zone as seller_zone, h.credits as seller_free_credits, i.free as seller_free_chatbots,
       case when $9::boolean is not null then (
           select jsonb_agg(to_jsonb(r) order by r.ordinality) from read_offer_v1(p.seller_ref, $9) with ordinality r
       ) end as offer,
       (select jsonb_agg(to_jsonb(v) order by v.place) from sellers_above_v1(a.tenant_id, a.account_id) v) as sellers_above
from account a
join account p on p.tenant_id = a.tenant_id and p.account_id = a.parent_id
join balance c on c.tenant_id = a.tenant_id and c.account_id = a.account_id and c.resource = 'credits'
join balance s on s.tenant_id = a.tenant_id and s.account_id = a.account_id and s.resource = 'chatbots'
cross join lateral free_credits_v1(a.tenant_id, a.account_id, $3) f
cross join lateral spending_v1(a.tenant_id, a.account_id, $5, $6, $7, $8) t
cross join lateral owed_v1(a.tenant_id, a.account_id) o
left join lateral free_credits_v1(p.tenant_id, p.account_id, $3) h on not p.supply
left join balance i on i.tenant_id = p.tenant_id and i.account_id = p.account_id and i.resource = 'chatbots' and not p.supply
left join auto_billing_setting b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
left join lateral card_to_charge_v1(a.tenant_id, a.account_id, p.merchant_ref, $3, $4) m on true
left join gateway_outage g on g.tenant_id = a.tenant_id and g.gateway_account = p.merchant_ref and g.ended_at is null
-- An auto-billing that was given up for want of an answer, and is not cancelled yet: nothing can be bought beside it, nor is it
-- known when. For a purchase by hand that is in doubt a shortage waits (R19).
cross join lateral (
    select exists (
        select from purchase q
        where q.tenant_id = a.tenant_id and q.buyer_id = a.account_id and q.automatic
          and q.state = 'canceling' and q.reason = 'gateway_unavailable'
    ) as is_stuck
) w
left join gateway_disconnection x on x.tenant_id = p.tenant_id and x.account_id = p.account_id
left join brake k on k.tenant_id = a.tenant_id and k.account_id = a.account_id and k.cleared_at is null
-- Its period is that of its plan, for the plan is what it renews by; without one, of its oldest chatbots.
left join lateral (
    select s.anchor_at, s.period_starts_at, s.period_ends_at, s.billing_interval from subscription s
    where s.tenant_id = a.tenant_id and s.account_id = a.account_id and s.state <> 'ended'
      and s.period_starts_at <= $3 and s.period_ends_at > $3
    order by s.kind desc, s.subscription_id
    limit 1
) u on true
where a.tenant_id = $1 and a.account_id = $2;
