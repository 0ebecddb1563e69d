select carry_usage_v1($1, $2, $3);
