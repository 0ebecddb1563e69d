delete from breaker where tenant_id = $1 and gateway_account = $2 and fingerprint = $3 returning fingerprint;
