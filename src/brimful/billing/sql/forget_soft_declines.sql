delete from breaker b
using unnest($2::text[], $3::text[]) as t (gateway_account, fingerprint)
where b.tenant_id = $1 and b.gateway_account = t.gateway_account and b.fingerprint = t.fingerprint and b.paused_reason is null;
