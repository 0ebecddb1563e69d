select open_entry_month_v1($1);
