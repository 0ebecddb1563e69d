select exists (
    select 1 from chatbot
    where tenant_id = $1 and account_id = $2 and external_id = $3 and state in ('waiting', 'active', 'paused')
);
