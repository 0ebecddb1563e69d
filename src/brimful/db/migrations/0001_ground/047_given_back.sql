-- Whether the money for a period of a subscription has gone back, all of it, by refunds and lost disputes (R25): that of the
-- purchase which began the period, and of any since at the whole price of a plan. The difference that an upgrade costs
-- within a period pays for nothing without what it is the difference to.
create function is_given_back_v1(p_tenant uuid, p_account uuid, p_subscription uuid, p_starts_at timestamptz)
returns boolean language sql stable as $$
    select coalesce(bool_and(one.gone), false)
    from (
        select row_number() over (order by p.planned_at, p.purchase_id) as number, l.amount_minor = l.recurring_minor as whole,
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
    ) one
    where one.number = 1 or one.whole
$$;
