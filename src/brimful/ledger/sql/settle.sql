select settle_v1($1, $2, $3);
