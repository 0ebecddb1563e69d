select chatbot_id, external_id, name, state, created_at, deleted_at
from chatbot
where tenant_id = $1 and account_id = $2 and ($3::uuid is null or chatbot_id < $3)
order by chatbot_id desc
limit $4;
