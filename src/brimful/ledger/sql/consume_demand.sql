select consume_demand_v1($1, $2, $3, $4);
