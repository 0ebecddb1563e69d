select freeze_credits_v1($1, $2, $3, $4, $5);
