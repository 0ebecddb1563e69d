select version from catalogue where seller_ref = $1 for update;
