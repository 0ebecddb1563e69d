select * from lock_purchases_v1($1, $2::uuid[]);
