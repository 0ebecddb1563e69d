with stored as (
    update charge c set payment_id = t.payment_id
    from unnest($2::uuid[], $4::text[]) as t (purchase_id, payment_id)
    where c.tenant_id = $1 and c.purchase_id = t.purchase_id and c.state = 'open' and c.payment_id is null
    returning c.gateway, c.tenant_id, c.purchase_id, c.payment_id
), routed as (
    insert into payment_route (gateway, payment_id, tenant_id, purchase_id)
    select gateway, payment_id, tenant_id, purchase_id from stored
)
update purchase p set state = 'created', wake_real_at = $3, step_real_at = $3, tries = 0
from stored
where p.tenant_id = $1 and p.purchase_id = stored.purchase_id and p.state = 'planned';
