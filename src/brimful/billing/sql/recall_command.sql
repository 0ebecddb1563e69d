select verb, body_hash, object_id from command where tenant_id = $1 and account_id = $2 and key = $3 for update;
