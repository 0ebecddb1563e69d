select lot_id, terms, amount, free, pinned, lapsed, cost_minor, currency, expires_at, opened_at
from lot
where tenant_id = $1 and account_id = $2 and ($3::uuid is null or lot_id < $3)
order by lot_id desc
limit $4;
