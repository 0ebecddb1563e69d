select key_id from api_key where key_id = $1 and revoked_at is null;
