select detach_month_v1($1, $2);
