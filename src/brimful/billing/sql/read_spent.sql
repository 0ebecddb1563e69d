-- What auto-billing has spent or may yet have spent: everything not known to have failed (R28). A charge that
-- also collects what purchases by hand still owed spends that as well.
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
  and p.planned_at >= least($3::timestamptz, $4::timestamptz, $5::timestamptz);
