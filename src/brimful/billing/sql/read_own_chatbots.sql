-- The chatbots of an account that have a seat or could have one.
select chatbot_id, coalesce(nullif(name, ''), external_id) as name, state, keep, created_at from chatbot
where tenant_id = $1 and account_id = $2 and state in ('active', 'paused')
order by chatbot_id;
