select keep_month_v1($1);
