-- Attempts that had to wait for others on the same card begin; the rest is looked at again at $5.
with looked_at as (
    update charge c set attempted_at = case when t.begins then $4::timestamptz end
    from unnest($2::uuid[], $3::boolean[]) as t (purchase_id, begins)
    where c.tenant_id = $1 and c.purchase_id = t.purchase_id and c.state = 'open' and c.attempted_at is null
    returning c.purchase_id, t.begins
)
update purchase p set wake_real_at = $5::timestamptz
from looked_at
where p.tenant_id = $1 and p.purchase_id = looked_at.purchase_id and not looked_at.begins;
