select key_id, prefix, read_only, label, created_at, revoked_at from api_key where account_id = $1 order by key_id;
