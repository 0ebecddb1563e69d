select is_given_back_v1($1, $2, $3, $4);
