select delivery_id, endpoint_id, notice_id, kind, state, tries, last_status, last_error, due_real_at, created_at,
       done_real_at
from webhook_delivery
where owner_id = $1 and delivery_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') and ($3::uuid is null or delivery_id = $3)
order by delivery_id desc
limit $4;
