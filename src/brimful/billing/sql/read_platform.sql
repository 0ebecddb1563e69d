select platform_id, name, currency, owner_email, zone from platform;
