select is_at_gateway_v1($1, $2);
