select hold_id, leased, case state when 'standing' then 'held' else state end as status, credits, held, captured,
    balance_after as balance, ends_real_at as ends_at, placed_at, ended_at, null as reason
from credit_hold
where tenant_id = $1 and account_id = $2 and hold_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by hold_id desc
limit $4;
