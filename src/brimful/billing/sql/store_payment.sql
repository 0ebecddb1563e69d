with stored as (
    update charge set payment_id = $4 where tenant_id = $1 and purchase_id = $2 and state = 'open' and payment_id is null
    returning gateway, tenant_id, purchase_id
), routed as (
    insert into payment_route (gateway, payment_id, tenant_id, purchase_id)
    select gateway, $4, tenant_id, purchase_id from stored
)
update purchase set state = 'created', wake_real_at = $3, tries = 0
where tenant_id = $1 and purchase_id = $2 and state = 'planned' and exists (select 1 from stored);
