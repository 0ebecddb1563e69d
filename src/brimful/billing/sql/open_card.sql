-- One that the gateway knows by the id of a card that was removed here is that card: it is not removed there as well.
with route as (
    insert into payment_method_route (gateway, gateway_method, tenant_id, method_id) values ($4, $7, $1, $2)
    on conflict (gateway, gateway_method) do update set tenant_id = excluded.tenant_id, method_id = excluded.method_id
), again as (
    update payment_method set detached_at = $13
    where tenant_id = $1 and account_id = $3 and gateway_account = $5 and gateway_method = $7
      and removed_at is not null and detached_at is null
)
insert into payment_method (tenant_id, method_id, account_id, gateway, gateway_account, gateway_customer, gateway_method,
                            fingerprint, brand, last4, exp_month, exp_year, created_at, role)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);
