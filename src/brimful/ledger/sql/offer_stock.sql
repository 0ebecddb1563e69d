select kind, operation_id, outcome from offer_stock_v1($1, $2, $3, $4);
