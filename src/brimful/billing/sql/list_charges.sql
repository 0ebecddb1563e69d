select charge_id, purchase_id, amount_minor, currency, state, card, decline_code, created_at, captured_at
from charge
where tenant_id = $1 and account_id = $2 and charge_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by charge_id desc
limit $4;
