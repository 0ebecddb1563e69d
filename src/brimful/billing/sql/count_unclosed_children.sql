select count(*) from account where tenant_id = $1 and parent_id = $2 and (state = 'open' or emptied_at is null);
