-- Whoever tried it: what has arrived has arrived.
update webhook_delivery
set state = 'sent', tries = tries + 1, last_status = $3, last_error = null, done_real_at = $4
where tenant_id = $1 and delivery_id = $2 and state <> 'sent';
