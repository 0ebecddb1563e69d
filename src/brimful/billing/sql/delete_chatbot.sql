update chatbot set state = 'deleted', deleted_at = $4
where tenant_id = $1 and account_id = $2 and chatbot_id = $3 and state = 'active'
returning chatbot_id;
