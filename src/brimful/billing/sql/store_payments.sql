-- The ids of payments, before anything else is done with them. The attempt of some begins ($5) now ($7), the others
-- are looked at again at $6: they wait for attempts under way on the same card, or are cancelled.
with stored as (
    update charge c set payment_id = t.payment_id, attempted_at = case when t.begins then $7::timestamptz end
    from unnest($2::uuid[], $4::text[], $5::boolean[]) as t (purchase_id, payment_id, begins)
    where c.tenant_id = $1 and c.purchase_id = t.purchase_id and c.state = 'open' and c.payment_id is null
    returning c.gateway, c.tenant_id, c.purchase_id, c.payment_id, t.begins
), routed as (
    insert into payment_route (gateway, payment_id, tenant_id, purchase_id)
    select gateway, payment_id, tenant_id, purchase_id from stored
)
update purchase p set state = 'created', tries = 0, step_real_at = $3,
    wake_real_at = case when stored.begins then $3::timestamptz else $6::timestamptz end
from stored
where p.tenant_id = $1 and p.purchase_id = stored.purchase_id and p.state = 'planned';
