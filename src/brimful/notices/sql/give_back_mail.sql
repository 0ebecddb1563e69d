-- What was not tried is due as it was, if nobody else took it meanwhile.
update mail m set due_real_at = b.was_due_at
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as b (tenant_id, notice_id, was_due_at)
where m.tenant_id = b.tenant_id and m.notice_id = b.notice_id and m.state = 'due' and m.due_real_at = $4;
