select purchase_id, origin, state, reason, amount_minor, currency, credits, chatbots, planned_at
from purchase
where tenant_id = $1 and buyer_id = $2 and ($3::uuid is null or purchase_id < $3)
order by purchase_id desc
limit $4;
