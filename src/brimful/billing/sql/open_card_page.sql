with route as (
    insert into card_page_route (gateway, page_id, tenant_id, account_id) values ($4, $3, $1, $2)
)
insert into card_page (tenant_id, account_id, page_id, gateway, gateway_account, gateway_customer, role, given_by, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);
