-- Its payer used it with success: whatever it did before does not count any more.
update breaker set soft_declines = 0, first_declined_at = null, retry_at = null, paused_reason = null, paused_at = null,
    counts_from = $4
where tenant_id = $1 and gateway_account = $2 and fingerprint = $3
  and (soft_declines > 0 or paused_reason is not null or retry_at is not null)
returning fingerprint;
