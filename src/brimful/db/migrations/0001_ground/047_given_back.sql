-- Of what was paid for a period of a subscription, what has gone back whole, by refunds and lost disputes (R25): of the
-- purchase that began the period and of all since, such as the differences that upgrades cost within it. What each had
-- brought for the month in which it was paid goes back as well; it counts from when that month or the change began.
create function given_back_of_period_v1(p_tenant uuid, p_account uuid, p_subscription uuid, p_starts_at timestamptz)
returns table (amount_minor bigint, credits bigint, months_done int, begins_period boolean, planned_at timestamptz)
language sql stable as $$
    with paid as (
        select row_number() over (order by p.planned_at, p.purchase_id) as number, p.purchase_id, p.planned_at,
               l.amount_minor, l.credits, l.runs_months_done, l.runs_begins_period
        from purchase p
        join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
                            and l.subscription_id = p_subscription and l.runs_starts_at = p_starts_at and l.amount_minor > 0
        -- A period is paid for in the hour that it begins in, or later.
        where p.tenant_id = p_tenant and p.buyer_id = p_account and p.planned_at >= p_starts_at
          and p.origin <> 'auto_billing' and p.state = 'delivered'
    )
    select d.amount_minor, d.credits, d.runs_months_done, d.runs_begins_period, d.planned_at
    from paid d
    join charge c on c.tenant_id = p_tenant and c.purchase_id = d.purchase_id and c.state = 'captured'
    where d.number >= (select coalesce(max(b.number) filter (where b.runs_begins_period), 1) from paid b)
      and c.amount_minor <= coalesce((
              select sum(r.amount_minor) from refund r
              where r.tenant_id = c.tenant_id and r.purchase_id = c.purchase_id and r.charge_id = c.charge_id
                and r.state = 'succeeded'), 0)
          + coalesce((
              select sum(x.amount_minor) from dispute x
              where x.tenant_id = c.tenant_id and x.purchase_id = c.purchase_id and x.charge_id = c.charge_id
                and x.state = 'lost'), 0)
$$;
