insert into breaker (tenant_id, gateway_account, fingerprint, soft_declines, first_declined_at, retry_at, paused_reason, paused_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (tenant_id, gateway_account, fingerprint) do update set
    soft_declines = excluded.soft_declines, first_declined_at = excluded.first_declined_at,
    retry_at = excluded.retry_at, paused_reason = excluded.paused_reason, paused_at = excluded.paused_at;
