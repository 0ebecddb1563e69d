select w as seller_id from wake_for_sellers_v1($1, $2, $3) w;
