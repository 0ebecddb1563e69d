update package set withdrawn_at = $2 where package_id = $1 and withdrawn_at is null;
