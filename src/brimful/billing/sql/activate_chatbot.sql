update chatbot set state = 'active' where tenant_id = $1 and chatbot_id = $2 and state = 'waiting';
