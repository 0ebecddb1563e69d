select abandon_spend_v1($1, $2, $3, $4, $5);
