update charge c set state = 'held', capture_before = t.capture_before
from unnest($2::uuid[], $3::timestamptz[]) as t (purchase_id, capture_before)
where c.tenant_id = $1 and c.purchase_id = t.purchase_id and c.state not in ('canceled', 'refunded');
