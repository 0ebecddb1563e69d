update gateway_event set state = $4, verdict = $5, handled_real_at = $6, last_error = null
where gateway = $1 and event_id = $2 and tries = $3 and state = 'due';
