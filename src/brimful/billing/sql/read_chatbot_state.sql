select state from chatbot where tenant_id = $1 and chatbot_id = $2;
