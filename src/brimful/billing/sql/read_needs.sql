-- The monthly credits of a seller's buyers that are due before an instant, those with one rhythm together. A suspended
-- plan brings nothing before it is paid for.
select due_at, anchor_at, sum(credits)::bigint as credits
from subscription
where tenant_id = $1 and seller_id = $2 and due_at < $3 and state in ('active', 'past_due') and credits > 0
group by due_at, anchor_at
order by due_at, anchor_at;
