select kept_minor, paid_minor from kept_of_period_v1($1, $2, $3, $4);
