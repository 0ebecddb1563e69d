select charge_hold_v1($1, $2, $3, $4, $5, $6);
