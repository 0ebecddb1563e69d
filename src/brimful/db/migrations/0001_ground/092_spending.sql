-- What an account spent by itself, as its caps and its brake count it: from an hour ago (p_hour), from the
-- beginning of its day (p_day) and of its month (p_month), and in the week before that day (from p_week).
create function spending_v1(
    p_tenant uuid, p_account uuid, p_hour timestamptz, p_day timestamptz, p_month timestamptz, p_week timestamptz
) returns table (
    hour_count bigint, day_minor bigint, month_minor bigint, charges_today bigint, today_minor bigint, week_minor bigint,
    has_history boolean, children jsonb
) language plpgsql stable rows 1 as $$
begin
    return query
        select s.hour_count, s.day_minor, s.month_minor, p.charges_today, p.today_minor, p.week_minor, p.has_history,
               c.children
        -- What auto-billing has spent or may yet have spent: everything not known to have failed (R28). A charge that
        -- also collects what purchases by hand still owed spends that as well.
        from (
            select count(*) filter (where p.planned_at > p_hour) as hour_count,
                   coalesce(sum(p.amount_minor + coalesce(r.collected_minor, 0)) filter (where p.planned_at >= p_day), 0)::bigint
                       as day_minor,
                   coalesce(sum(p.amount_minor + coalesce(r.collected_minor, 0)) filter (where p.planned_at >= p_month), 0)::bigint
                       as month_minor
            from purchase p
            left join lateral (
                select sum(r.amount_minor) as collected_minor from receivable r
                join purchase o on o.tenant_id = r.tenant_id and o.purchase_id = r.purchase_id
                where r.tenant_id = p.tenant_id and r.account_id = p.buyer_id and r.collected_by = p.purchase_id
                  and not o.automatic
            ) r on true
            where p.tenant_id = p_tenant and p.buyer_id = p_account and p.automatic and p.state <> 'failed'
              and p.planned_at >= least(p_hour, p_day, p_month)
        ) s
        -- What auto-billing charged today, from when its owner let it go on if that was today, in the week before, and whether it
        -- did before that: without what renewals needed (R30).
        cross join (
            select count(*) filter (where p.planned_at >= p_day and p.planned_at > a.cleared_at) as charges_today,
                   coalesce(sum(p.amount_minor) filter (where p.planned_at >= p_day and p.planned_at > a.cleared_at), 0)::bigint
                       as today_minor,
                   coalesce(sum(p.amount_minor) filter (where p.planned_at < p_day), 0)::bigint as week_minor,
                   exists (
                       select 1 from purchase o
                       where o.tenant_id = p_tenant and o.buyer_id = p_account and o.planned_at < p_week and o.automatic
                         and o.state <> 'failed'
                   ) as has_history
            from (select coalesce((
                select b.cleared_at from brake b where b.tenant_id = p_tenant and b.account_id = p_account), '-infinity') as cleared_at) a
            left join purchase p on p.tenant_id = p_tenant and p.buyer_id = p_account and p.planned_at >= p_week
                                and p.automatic and not p.for_renewals and p.state <> 'failed'
        ) p
        -- For each child with a limit of its own, that and what it made the account pay this month (R28).
        cross join (
            select coalesce(jsonb_object_agg(l.child_id, jsonb_build_object('limit', l.per_month_minor, 'spent', coalesce((
                       select sum(d.allocated_minor)
                       from purchase_demand d
                       join purchase p on p.tenant_id = d.tenant_id and p.purchase_id = d.purchase_id
                       where d.tenant_id = l.tenant_id and d.child_id = l.child_id
                         and p.buyer_id = l.account_id and p.automatic and p.state <> 'failed' and p.planned_at >= p_month
                   ), 0)::bigint)), '{}') as children
            from child_limit l
            where l.tenant_id = p_tenant and l.account_id = p_account
        ) c;
end $$;

-- What an account owes its seller and no charge collects yet; of that, what came of purchases by hand; and what it will
-- owe besides: once purchases too small to charge are delivered, and if charges under way fail that would collect (R26).
create function owed_v1(p_tenant uuid, p_account uuid)
returns table (minor bigint, by_hand_minor bigint, coming_minor bigint) language plpgsql stable rows 1 as $$
begin
    return query
        select coalesce((
                   select sum(r.amount_minor) from receivable r
                   where r.tenant_id = p_tenant and r.account_id = p_account and r.seller_id = a.parent_id
                     and r.collected_by is null), 0)::bigint as minor,
               coalesce((
                   select sum(r.amount_minor) from receivable r
                   join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.purchase_id
                   where r.tenant_id = p_tenant and r.account_id = p_account and r.seller_id = a.parent_id
                     and r.collected_by is null and not p.automatic), 0)::bigint as by_hand_minor,
               coalesce((
                   select sum(p.amount_minor) from purchase p
                   where p.tenant_id = p_tenant and p.buyer_id = p_account and p.mode = 'receivable'
                     and p.state not in ('delivered', 'failed')), 0)::bigint
               + coalesce((
                   select sum(r.amount_minor) from receivable r
                   join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.collected_by
                   where r.tenant_id = p_tenant and r.account_id = p_account
                     and p.state not in ('delivered', 'failed')), 0)::bigint as coming_minor
        from account a
        where a.tenant_id = p_tenant and a.account_id = p_account;
end $$;
