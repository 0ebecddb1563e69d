select soft_declines, first_declined_at, retry_at, paused_reason from breaker
where tenant_id = $1 and gateway_account = $2 and fingerprint = $3 for update;
