select * from abandon_spends_v1($1, $2, $3::uuid[], $4::timestamptz[], $5, $6);
