update refund set lease_until = '-infinity', wake_real_at = case when wake_real_at is null then null else $3::timestamptz end
where tenant_id = $1 and refund_id = $2;
