select seller_ref, model, credits from rate where seller_ref = any ($1::uuid[]) and model = any ($2::text[]);
