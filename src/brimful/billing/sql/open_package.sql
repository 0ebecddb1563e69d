insert into package (package_id, seller_ref, kind, position, version, created_at) values ($1, $2, $3, $4, 1, $5);
