select purchase_id, buyer_id, automatic, mode, state, reason, amount_minor, currency, credits, chatbots, trigger_kind,
       explanation, planned_at, ended_at
from purchase
where tenant_id = $1 and buyer_id = $2 and ($3::uuid is null or purchase_id < $3)
order by purchase_id desc
limit $4;
