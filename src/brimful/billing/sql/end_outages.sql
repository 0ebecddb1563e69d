update gateway_outage set ended_at = $3
where tenant_id = $1 and gateway_account = any ($2::text[]) and ended_at is null
returning gateway_account;
