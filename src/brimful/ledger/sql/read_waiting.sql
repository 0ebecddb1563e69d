select demand_id, kind, operation_id, child_id, seq, short_credits, short_chatbots, credits, chatbots
from waiting_demand
where tenant_id = $1 and account_id = $2
order by seq;
