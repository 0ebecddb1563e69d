select lock_pools_v1($1, $2::uuid[]);
