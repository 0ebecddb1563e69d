update notice set read_at = coalesce(read_at, $4) where tenant_id = $1 and account_id = $2 and notice_id = $3 returning notice_id;
