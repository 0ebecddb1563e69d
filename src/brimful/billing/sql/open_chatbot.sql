insert into chatbot (tenant_id, chatbot_id, account_id, external_id, name, state, demand_id, created_at)
values ($1, $2, $3, $4, $5, 'waiting', $2, $6);
