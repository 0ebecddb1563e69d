with held as (
    select p.purchase_id from purchase p
    join unnest($2::uuid[], $3::bigint[]) as t (purchase_id, fence) on t.purchase_id = p.purchase_id and t.fence = p.fence
    where p.tenant_id = $1
    order by p.purchase_id
    for update of p
)
update purchase p set lease_until = '-infinity' from held where p.tenant_id = $1 and p.purchase_id = held.purchase_id;
