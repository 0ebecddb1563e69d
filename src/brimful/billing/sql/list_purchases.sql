select purchase_id, origin, state, reason, amount_minor, currency, credits, chatbots, planned_at
from purchase
where tenant_id = $1 and buyer_id = $2 and purchase_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by purchase_id desc
limit $4;
