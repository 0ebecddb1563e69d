update webhook_delivery d
set state = 'due', tries = 0, due_real_at = $3, last_status = null, last_error = null, done_real_at = null
from webhook_endpoint e
where d.owner_id = $1 and d.delivery_id = $2 and e.endpoint_id = d.endpoint_id and e.disabled_at is null
returning d.delivery_id;
