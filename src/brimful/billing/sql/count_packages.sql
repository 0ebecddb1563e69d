select count(*) from package where seller_ref = $1 and kind = $2 and withdrawn_at is null;
