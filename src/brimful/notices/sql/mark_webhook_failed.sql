-- Of a try that another overtook, nothing is noted.
update webhook_delivery
set state = $4, tries = tries + 1, last_status = $5, last_error = $6, due_real_at = $7,
    done_real_at = case when $4 = 'dead' then $7::timestamptz end
where tenant_id = $1 and delivery_id = $2 and state = 'due' and tries = $3
returning delivery_id;
