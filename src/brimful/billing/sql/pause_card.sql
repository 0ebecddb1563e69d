-- Nothing is charged to a card by itself until its owner acts; what made it pause before stays the reason (R25, R29).
insert into breaker (tenant_id, gateway_account, fingerprint, paused_reason, paused_at) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, gateway_account, fingerprint) do update set
    paused_reason = coalesce(breaker.paused_reason, excluded.paused_reason),
    paused_at = coalesce(breaker.paused_at, excluded.paused_at);
