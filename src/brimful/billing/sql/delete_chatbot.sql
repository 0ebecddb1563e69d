-- An active chatbot of an account, or one that is paused; which of them it was.
with before as (
    select chatbot_id, state from chatbot
    where tenant_id = $1 and account_id = $2 and chatbot_id = $3 and state in ('active', 'paused')
    for update
)
update chatbot c set state = 'deleted', deleted_at = $4
from before b
where c.tenant_id = $1 and c.chatbot_id = b.chatbot_id
returning b.state;
