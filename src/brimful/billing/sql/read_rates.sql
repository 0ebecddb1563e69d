select model, credits from rate where seller_ref = $1 order by model;
