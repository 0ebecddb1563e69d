insert into card_page (tenant_id, account_id, page_id, gateway_customer, given_by, at) values ($1, $2, $3, $4, $5, $6);
