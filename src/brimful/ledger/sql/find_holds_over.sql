-- In turns: one of each tenant, and of its accounts one each, before the next of any. Whoever lets thousands of holds run out
-- keeps nobody else's credits waiting.
with over as (
    select tenant_id, account_id, hold_id, ends_real_at,
        row_number() over (partition by tenant_id, account_id order by ends_real_at) as of_account
    from credit_hold
    where state = 'standing' and ends_real_at <= $1
)
select tenant_id, account_id, hold_id
from over
order by row_number() over (partition by tenant_id order by of_account, ends_real_at), ends_real_at
limit $2;
