-- What was done under some keys for just such a body, by their places from 1.
select n.place, s.spend_id, s.credits, s.balance_after
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[]) with ordinality n (tenant_id, account_id, key, body_hash, place)
cross join lateral (
    select s.spend_id, s.credits, s.balance_after, s.state, s.body_hash from spend s
    where s.tenant_id = n.tenant_id and s.account_id = n.account_id and s.key = n.key limit 1
) s
where s.state = 'done' and s.body_hash = n.body_hash;
