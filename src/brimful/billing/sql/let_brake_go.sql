update brake set cleared_at = $3 where tenant_id = $1 and account_id = $2 and cleared_at is null returning account_id;
