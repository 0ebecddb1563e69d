update chatbot set keep = chatbot_id = any ($3::uuid[])
where tenant_id = $1 and account_id = $2 and state in ('active', 'paused') and keep <> (chatbot_id = any ($3::uuid[]));
