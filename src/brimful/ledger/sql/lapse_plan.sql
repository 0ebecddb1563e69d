select lapse_plan_v1($1, $2, $3);
