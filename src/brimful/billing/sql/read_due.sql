-- What is due of some buyers, with what they would pay it with.
select s.subscription_id, s.account_id, s.seller_id, s.kind, s.package_id, s.package_version, s.credits, s.chatbots,
       s.recurring_minor, s.billing_interval, s.anchor_at, s.months_done, s.period_starts_at, s.period_ends_at, s.due_at,
       s.state, v.name as package_name, v.credits_price_minor, v.price_minor, v.rolls_over, s.chatbots_to_come,
       s.ends_at_period_end or s.next_package_id is not null or s.release_chatbots > 0
           or s.automatic and coalesce(t.release_chatbots, false) as changes,
       -- What is left of its period's price is not more than what has gone back of it (R17).
       coalesce(s.recurring_minor * (n.months - s.months_done % n.months) <= k.gone_minor * n.months, false) as given_back,
       a.zone, o.supply as seller_is_supply, o.currency, o.merchant_ref as gateway_account,
       m.gateway, m.gateway_customer, m.gateway_method, m.fingerprint, m.brand, m.last4, m.role,
       m.paused_reason, m.retry_at, g.since_at as out_since, x.since_at as disconnected_at, s.seller_failed_at, s.past_due_since,
       coalesce((
           select sum(r.amount_minor) from receivable r
           where r.tenant_id = s.tenant_id and r.account_id = s.account_id and r.seller_id = s.seller_id
             and r.collected_by is null), 0)::bigint as owed_minor,
       coalesce((
           select sum(p.amount_minor) from purchase p
           where p.tenant_id = s.tenant_id and p.buyer_id = s.account_id and p.mode = 'receivable'
             and p.state not in ('delivered', 'failed')), 0)::bigint
       + coalesce((
           select sum(r.amount_minor) from receivable r
           join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.collected_by
           where r.tenant_id = s.tenant_id and r.account_id = s.account_id
             and p.state not in ('delivered', 'failed')), 0)::bigint as coming_minor
from subscription s
join account o on o.tenant_id = s.tenant_id and o.account_id = s.seller_id
join account a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
left join auto_billing_setting t on t.tenant_id = s.tenant_id and t.account_id = s.account_id
left join package_version v on v.package_id = s.package_id and v.version = s.package_version
left join lateral card_to_charge_v1(s.tenant_id, s.account_id, o.merchant_ref, $3, false) m on true
left join gateway_outage g on g.tenant_id = s.tenant_id and g.gateway_account = o.merchant_ref and g.ended_at is null
                          and g.until_at > $3
left join gateway_disconnection x on x.tenant_id = o.tenant_id and x.account_id = o.account_id
cross join lateral (select case s.billing_interval when 'year' then 12 when 'quarter' then 3 else 1 end as months) n
left join lateral (
    select sum(g.amount_minor) as gone_minor
    from given_back_of_period_v1(s.tenant_id, s.account_id, s.subscription_id, s.period_starts_at) g) k
       on s.due_at < s.period_ends_at
where s.tenant_id = $1 and s.account_id = any ($2::uuid[]) and s.seller_id = $4 and s.wake_at <= $3 and s.state <> 'ended'
  and not exists (
      select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
  -- A change of plan that is paid for is delivered before its subscription renews.
  and not exists (
      select 1 from subscription_in_purchase u
      where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id)
order by s.account_id, s.kind desc, s.subscription_id
for update of s;
