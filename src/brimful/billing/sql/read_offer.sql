select * from read_offer_v1($1, $2);
