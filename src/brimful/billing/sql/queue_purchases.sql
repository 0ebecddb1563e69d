-- The card is held and the demand registered: its stock is reserved and it may capture, or it waits for its seller.
update purchase p set state = case when t.met then 'capturing' else 'waiting' end, demand_id = p.purchase_id,
    wake_real_at = case when t.met then $4::timestamptz end, tries = 0, step_real_at = $4,
    lease_until = case when t.met then p.lease_until else '-infinity' end
from unnest($2::uuid[], $3::boolean[]) as t (purchase_id, met)
where p.tenant_id = $1 and p.purchase_id = t.purchase_id;
