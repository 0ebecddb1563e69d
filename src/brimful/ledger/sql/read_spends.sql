select spend_id, account_id, key, credits, model, messages, state, reason, balance_after, demand_id, at
from spend
where tenant_id = $1 and spend_id = any ($2::uuid[]) and held_as is null;
