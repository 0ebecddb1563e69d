-- What auto-billing has spent or may yet have spent: everything not known to have failed (R28).
select count(*) filter (where planned_at > $3) as hour_count,
       coalesce(sum(amount_minor) filter (where planned_at >= $4), 0)::bigint as day_minor,
       coalesce(sum(amount_minor) filter (where planned_at >= $5), 0)::bigint as month_minor
from purchase
where tenant_id = $1 and buyer_id = $2 and automatic and state <> 'failed'
  and planned_at >= least($3::timestamptz, $4::timestamptz, $5::timestamptz);
