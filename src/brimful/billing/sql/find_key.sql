select account_id, tenant_id, read_only from api_key where secret_hash = $1 and revoked_at is null;
