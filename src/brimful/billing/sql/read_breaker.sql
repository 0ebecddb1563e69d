select soft_declines, first_declined_at from breaker
where tenant_id = $1 and gateway_account = $2 and fingerprint = $3 for update;
