-- The monthly credits of a seller's buyers that are due before an instant, those with one rhythm together.
select due_at, anchor_at, until_at, sum(credits)::bigint as credits
from credits_to_come
where tenant_id = $1 and seller_id = $2 and next_at < $3 and due_at < $3
group by due_at, anchor_at, until_at
order by due_at, anchor_at, until_at;
