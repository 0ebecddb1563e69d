select deliver_v1($1, $2::uuid[], $3);
