update package set version = $2 where package_id = $1;
