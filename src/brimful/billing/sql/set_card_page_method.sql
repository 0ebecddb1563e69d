update card_page set method_id = $4 where tenant_id = $1 and account_id = $2 and page_id = $3;
