select chatbot_id, external_id, name, state, created_at, deleted_at
from chatbot
where tenant_id = $1 and account_id = $2 and chatbot_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by chatbot_id desc
limit $4;
