-- What an account spent by itself and what it owes, as its caps and its brake count it: from an hour ago ($3), from the
-- beginning of its day ($4) and of its month ($5), and in the week before that day ($6).
select s.hour_count, s.day_minor, s.month_minor, p.charges_today, p.today_minor, p.week_minor, p.has_history,
       o.minor, o.by_hand_minor, o.coming_minor, c.children
-- What auto-billing has spent or may yet have spent: everything not known to have failed (R28). A charge that
-- also collects what purchases by hand still owed spends that as well.
from (
    select count(*) filter (where p.planned_at > $3) as hour_count,
           coalesce(sum(p.amount_minor + coalesce(r.collected_minor, 0)) filter (where p.planned_at >= $4), 0)::bigint as day_minor,
           coalesce(sum(p.amount_minor + coalesce(r.collected_minor, 0)) filter (where p.planned_at >= $5), 0)::bigint as month_minor
    from purchase p
    left join lateral (
        select sum(r.amount_minor) as collected_minor from receivable r
        join purchase o on o.tenant_id = r.tenant_id and o.purchase_id = r.purchase_id
        where r.tenant_id = p.tenant_id and r.account_id = p.buyer_id and r.collected_by = p.purchase_id and not o.automatic
    ) r on true
    where p.tenant_id = $1 and p.buyer_id = $2 and p.automatic and p.state <> 'failed'
      and p.planned_at >= least($3::timestamptz, $4::timestamptz, $5::timestamptz)
) s
-- What auto-billing charged today, from when its owner let it go on if that was today, in the week before, and whether it
-- did before that: without what renewals needed (R30).
cross join (
    select count(*) filter (where p.planned_at >= $4 and p.planned_at > coalesce(b.cleared_at, '-infinity')) as charges_today,
           coalesce(sum(p.amount_minor) filter (where p.planned_at >= $4 and p.planned_at > coalesce(b.cleared_at, '-infinity')), 0)::bigint as today_minor,
           coalesce(sum(p.amount_minor) filter (where p.planned_at < $4), 0)::bigint as week_minor,
           exists (
               select 1 from purchase o
               where o.tenant_id = $1 and o.buyer_id = $2 and o.planned_at < $6 and o.automatic and o.state <> 'failed'
           ) as has_history
    from (select $1::uuid as tenant_id, $2::uuid as account_id) a
    left join brake b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
    left join purchase p on p.tenant_id = a.tenant_id and p.buyer_id = a.account_id and p.planned_at >= $6
                        and p.automatic and not p.for_renewals and p.state <> 'failed'
) p
-- What it owes its seller and no charge collects yet; of that, what came of purchases by hand; and what it will owe
-- besides: once purchases too small to charge are delivered, and if charges under way fail that would collect (R26).
cross join (
    select coalesce((
               select sum(r.amount_minor) from receivable r
               where r.tenant_id = $1 and r.account_id = $2 and r.seller_id = a.parent_id and r.collected_by is null), 0)::bigint
               as minor,
           coalesce((
               select sum(r.amount_minor) from receivable r
               join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.purchase_id
               where r.tenant_id = $1 and r.account_id = $2 and r.seller_id = a.parent_id and r.collected_by is null
                 and not p.automatic), 0)::bigint as by_hand_minor,
           coalesce((
               select sum(p.amount_minor) from purchase p
               where p.tenant_id = $1 and p.buyer_id = $2 and p.mode = 'receivable'
                 and p.state not in ('delivered', 'failed')), 0)::bigint
           + coalesce((
               select sum(r.amount_minor) from receivable r
               join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.collected_by
               where r.tenant_id = $1 and r.account_id = $2 and p.state not in ('delivered', 'failed')), 0)::bigint
           as coming_minor
    from account a
    where a.tenant_id = $1 and a.account_id = $2
) o
-- For each child with a limit of its own, that and what it made the account pay this month (R28).
cross join (
    select coalesce(jsonb_object_agg(l.child_id, jsonb_build_object('limit', l.per_month_minor, 'spent', coalesce((
               select sum(d.allocated_minor)
               from purchase_demand d
               join purchase p on p.tenant_id = d.tenant_id and p.purchase_id = d.purchase_id
               where d.tenant_id = l.tenant_id and d.child_id = l.child_id
                 and p.buyer_id = l.account_id and p.automatic and p.state <> 'failed' and p.planned_at >= $5
           ), 0)::bigint)), '{}') as children
    from child_limit l
    where l.tenant_id = $1 and l.account_id = $2
) c;
