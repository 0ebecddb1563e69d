-- A purchase waits for its owner at the bank; it is looked at when it is heard of, and again at $4 (R20).
with noted as (
    update authentication set action_url = $3 where tenant_id = $1 and purchase_id = $2
)
update purchase set state = 'authenticating', wake_real_at = $4, lease_until = '-infinity', tries = 0
where tenant_id = $1 and purchase_id = $2 and state = 'created';
