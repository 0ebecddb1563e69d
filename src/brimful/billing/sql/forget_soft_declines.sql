update breaker b set soft_declines = 0, first_declined_at = null, retry_at = null
from unnest($2::text[], $3::text[]) as t (gateway_account, fingerprint)
where b.tenant_id = $1 and b.gateway_account = t.gateway_account and b.fingerprint = t.fingerprint
  and b.paused_reason is null and b.soft_declines > 0 and (b.retry_at is null or b.retry_at <= $4);
