update gateway_outage set until_at = $3 where tenant_id = $1 and gateway_account = $2 and ended_at is null;
