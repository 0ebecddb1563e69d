-- What auto-billing charged today ($3), from when its owner let it go on if that was today, in the week before ($4), and
-- whether it did before that: without what renewals needed (R30).
select count(*) filter (where p.planned_at >= $3 and p.planned_at > coalesce(b.cleared_at, '-infinity')) as charges_today,
       coalesce(sum(p.amount_minor) filter (where p.planned_at >= $3 and p.planned_at > coalesce(b.cleared_at, '-infinity')), 0)::bigint as today_minor,
       coalesce(sum(p.amount_minor) filter (where p.planned_at < $3), 0)::bigint as week_minor,
       exists (
           select 1 from purchase o
           where o.tenant_id = $1 and o.buyer_id = $2 and o.planned_at < $4 and o.automatic and o.state <> 'failed'
       ) as has_history
from (select $1::uuid as tenant_id, $2::uuid as account_id) a
left join brake b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
left join purchase p on p.tenant_id = a.tenant_id and p.buyer_id = a.account_id and p.planned_at >= $4
                    and p.automatic and not p.for_renewals and p.state <> 'failed';
