select since_at, tries, noted_at, until_at, ended_at from gateway_outage
where tenant_id = $1 and gateway_account = $2 for update;
