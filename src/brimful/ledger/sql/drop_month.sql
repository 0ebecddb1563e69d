select drop_month_v1($1, $2, $3);
