select demand_id, kind, operation_id, child_id, seq,
       credits - reserved_credits as short_credits,
       chatbots - reserved_chatbots as short_chatbots,
       credits, chatbots
from demand
where tenant_id = $1 and account_id = $2 and state = 'waiting'
order by seq;
