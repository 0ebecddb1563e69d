insert into balance (tenant_id, account_id, resource)
values ($1, $2, 'credits'), ($1, $2, 'chatbots');
