select lock_buyer_v1($1, $2);
