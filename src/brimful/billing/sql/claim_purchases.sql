select * from claim_purchases_v1($1, $2::uuid[], $3::bigint[], $4, $5);
