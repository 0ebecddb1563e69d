select restore_credits_v1($1, $2, $3, $4, $5, $6);
