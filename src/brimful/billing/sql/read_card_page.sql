select gateway_customer from card_page where tenant_id = $1 and account_id = $2 and page_id = $3;
