select key_id, secret_hash, account_id, tenant_id, read_only, vouched_by
from api_key
where secret_hash = any ($1::bytea[]) and revoked_at is null;
