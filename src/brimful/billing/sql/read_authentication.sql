select authentication_id, account_id, failed_id, expires_at, purchase_id, action_url from authentication
where tenant_id = $1 and token_hash = $2;
