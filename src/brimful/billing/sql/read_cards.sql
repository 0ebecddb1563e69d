select * from read_cards_v1($1, $2::text[], $3::text[], $4);
