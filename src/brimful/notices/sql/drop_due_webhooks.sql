-- What was due at an endpoint that is switched off: it can be sent again by hand.
update webhook_delivery set state = 'dead', last_error = 'endpoint_disabled', done_real_at = $2
where endpoint_id = $1 and state = 'due';
