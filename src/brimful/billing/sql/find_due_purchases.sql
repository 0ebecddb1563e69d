-- What somebody waits for before renewals, and of either in turns, one of each tenant before the next of any: a backlog
-- of one hour's renewals keeps nobody's charge waiting, and no tenant's renewals those of the others.
with due as (
    select tenant_id, purchase_id, wake_real_at, origin = 'renewal' as renews,
        row_number() over (partition by tenant_id, origin = 'renewal' order by wake_real_at) as turn
    from purchase
    where wake_real_at <= $1 and lease_until <= $1 and state in ('planned', 'created', 'authenticating', 'capturing', 'canceling')
)
select tenant_id, purchase_id, renews
from due
order by renews, turn, wake_real_at
limit $2;
