select place, outcome, spend_id, credits, balance_after, tenant_id
from spend_many_v1($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::uuid[], $6::bigint[], $7::text[], $8::bigint[], $9::bytea[], $10,
    $11);
