select tenant_id, account_id, page_id, gateway_account, gateway_customer, role, method_id from card_page
where tenant_id = $1 and account_id = $2 and page_id = $3;
