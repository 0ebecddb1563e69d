select lot_id, terms, amount, free, pinned, lapsed, cost_minor, currency, expires_at, opened_at
from lot
where tenant_id = $1 and account_id = $2 and lot_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by lot_id desc
limit $4;
