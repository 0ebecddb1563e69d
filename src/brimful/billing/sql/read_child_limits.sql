select l.child_id, l.per_month_minor,
       coalesce((
           select sum(d.allocated_minor)
           from purchase_demand d
           join purchase p on p.tenant_id = d.tenant_id and p.purchase_id = d.purchase_id
           where d.tenant_id = l.tenant_id and d.child_id = l.child_id
             and p.buyer_id = l.account_id and p.automatic and p.state <> 'failed' and p.planned_at >= $3
       ), 0)::bigint as spent_minor
from child_limit l
where l.tenant_id = $1 and l.account_id = $2;
