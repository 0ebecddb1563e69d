-- Leases in real time with fencing tokens; the holder renews one with the token it has.
with free as (
    select p.purchase_id, t.fence as held from purchase p
    join unnest($2::uuid[], $5::bigint[]) as t (purchase_id, fence) on t.purchase_id = p.purchase_id
    where p.tenant_id = $1 and p.state in ('planned', 'created', 'authenticating', 'capturing', 'canceling')
      and (p.lease_until <= $3 or p.fence = t.fence)
    order by p.purchase_id
    for update of p
)
update purchase p set lease_until = $4, fence = case when p.fence = free.held then p.fence else p.fence + 1 end
from free
where p.tenant_id = $1 and p.purchase_id = free.purchase_id
  and p.state in ('planned', 'created', 'authenticating', 'capturing', 'canceling') and (p.lease_until <= $3 or p.fence = free.held)
returning p.purchase_id, p.fence;
