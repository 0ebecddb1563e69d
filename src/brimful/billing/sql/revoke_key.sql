update api_key set revoked_at = $3 where account_id = $1 and key_id = $2 and revoked_at is null returning key_id;
