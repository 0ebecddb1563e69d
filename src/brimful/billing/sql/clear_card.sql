-- Its payer used it with success: whatever it did before does not count any more, and the attempts in vain are
-- counted from here on also where nothing but these was left. Answers whether it was stopped until now.
with before as (
    select soft_declines > 0 or paused_reason is not null or retry_at is not null as stopped from breaker
    where tenant_id = $1 and gateway_account = $2 and fingerprint = $3
    for update
)
update breaker b set soft_declines = 0, first_declined_at = null, retry_at = null, paused_reason = null, paused_at = null,
    counts_from = $4
from before
where b.tenant_id = $1 and b.gateway_account = $2 and b.fingerprint = $3
returning before.stopped;
