select seller_is_supply, enabled, seller_offers_credits, seller_connected from sellers_above_v1($1, $2) order by place;
