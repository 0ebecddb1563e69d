select end_demand_v1($1, $2, $3, $4, $5);
