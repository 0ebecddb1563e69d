select s.spend_id as hold_id, s.held_as = 'lease' as leased, coalesce(nullif(h.state, 'standing'), s.state) as status, s.credits,
    coalesce(h.held, 0) as held, coalesce(h.captured, 0) as captured,
    case when s.state = 'held' then coalesce(h.balance_after, s.balance_after) end as balance,
    h.ends_real_at as ends_at, s.at as placed_at, h.ended_at, s.reason
from spend s
left join credit_hold h on h.tenant_id = s.tenant_id and h.hold_id = s.spend_id
where s.tenant_id = $1 and s.account_id = $2 and s.spend_id = $3 and s.held_as is not null;
