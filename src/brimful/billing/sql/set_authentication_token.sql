update authentication set token_hash = $3, expires_at = $4 where tenant_id = $1 and authentication_id = $2;
