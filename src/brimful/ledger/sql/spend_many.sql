-- In columns, as that is a fraction of the work of so many rows: what is done as it was asked for, which is nearly all, by its
-- place and what is left after it, and everything else beside it.
select array_agg(place) filter (where is_plain) as plain, array_agg(balance_after) filter (where is_plain) as plain_after,
    array_agg(place) filter (where not is_plain) as places, array_agg(outcome) filter (where not is_plain) as outcomes,
    array_agg(spend_id) filter (where not is_plain) as spends, array_agg(credits) filter (where not is_plain) as credits,
    array_agg(balance_after) filter (where not is_plain) as balances_after,
    array_agg(tenant_id) filter (where not is_plain) as tenants
from (
    select *, outcome = 'done' and spend_id is null and tenant_id is null as is_plain
    from spend_many_v1($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::uuid[], $6::bigint[], $7::text[], $8::bigint[],
        $9::bytea[], $10, $11)
) s;
