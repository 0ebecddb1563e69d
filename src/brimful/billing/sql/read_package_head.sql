select kind, version, withdrawn_at from package where seller_ref = $1 and package_id = $2;
