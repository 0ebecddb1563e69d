select outcome, spend_id, credits, balance_after from place_hold_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
