-- Of what was paid for a period of a subscription, how much was not given back whole by refunds and lost disputes (R25):
-- of the last purchase at the whole price of a plan, or that which began the period, and of all since, such as the
-- differences that upgrades cost within it. Nothing when nothing was paid.
create function kept_of_period_v1(p_tenant uuid, p_account uuid, p_subscription uuid, p_starts_at timestamptz)
returns table (kept_minor bigint, paid_minor bigint) language sql stable as $$
    with one as (
        select row_number() over (order by p.planned_at, p.purchase_id) as number, l.amount_minor,
               l.amount_minor = l.recurring_minor as whole,
               coalesce(c.amount_minor <= coalesce((
                   select sum(r.amount_minor) from refund r
                   where r.tenant_id = c.tenant_id and r.purchase_id = c.purchase_id and r.charge_id = c.charge_id
                     and r.state = 'succeeded'), 0)
               + coalesce((
                   select sum(d.amount_minor) from dispute d
                   where d.tenant_id = c.tenant_id and d.purchase_id = c.purchase_id and d.charge_id = c.charge_id
                     and d.state = 'lost'), 0), false) as gone
        from purchase p
        join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
                            and l.subscription_id = p_subscription and l.runs_starts_at = p_starts_at and l.amount_minor > 0
        left join charge c on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id and c.state = 'captured'
        -- A period is paid for in the hour that it begins in, or later.
        where p.tenant_id = p_tenant and p.buyer_id = p_account and p.planned_at >= p_starts_at
          and p.origin <> 'auto_billing' and p.state = 'delivered'
    )
    select coalesce(sum(amount_minor) filter (where not gone), 0)::bigint, coalesce(sum(amount_minor), 0)::bigint from one
    where number >= (select coalesce(max(number) filter (where whole), 1) from one)
$$;
