update catalogue set version = version + 1 where seller_ref = $1 returning version;
