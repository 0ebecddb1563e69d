select register_demands_v1($1, $2, $3, $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::bigint[], $9, $10) as met;
