-- All that decides whether and how an account may buy by itself, in one row.
select a.account_id, a.parent_id, a.sells, a.zone, a.name, a.owner_email, a.state,
       s.enabled, s.per_charge_minor, s.per_hour_count, s.per_day_minor, s.per_month_minor,
       s.strategy, s.allowed_packages, s.buys_chatbots,
       p.account_id as seller_id, p.supply as seller_is_supply, p.seller_ref, p.currency,
       p.merchant_ref as gateway_account, p.name as seller_name,
       m.method_id, m.gateway, m.gateway_customer, m.gateway_method, m.fingerprint, m.brand, m.last4, m.off_session,
       b.paused_reason, b.retry_at, b.soft_declines, b.first_declined_at,
       (select min(period_starts_at) from subscription u
        where u.tenant_id = a.tenant_id and u.account_id = a.account_id and u.state = 'active'
          and u.period_ends_at > $3) as period_starts_at,
       (select min(period_ends_at) from subscription u
        where u.tenant_id = a.tenant_id and u.account_id = a.account_id and u.state = 'active'
          and u.period_ends_at > $3) as period_ends_at
from account a
join account p on p.tenant_id = a.tenant_id and p.account_id = a.parent_id
left join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id
left join payment_method m on m.tenant_id = a.tenant_id and m.account_id = a.account_id and m.removed_at is null
left join breaker b on b.tenant_id = a.tenant_id and b.gateway_account = m.gateway_account
                   and b.fingerprint = m.fingerprint
where a.tenant_id = $1 and a.account_id = $2;
