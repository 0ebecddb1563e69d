select * from deliver_and_offer_v1($1, $2, $3, $4, $5, $6);
