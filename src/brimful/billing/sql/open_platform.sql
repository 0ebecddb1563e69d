insert into platform (platform_id, name, currency, owner_email, zone, created_at) values ($1, $2, $3, $4, $5, $6);
