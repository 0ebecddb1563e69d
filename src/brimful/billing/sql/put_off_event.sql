-- Another time, by whoever took it last.
update gateway_event set due_real_at = $4
where gateway = $1 and event_id = $2 and tries = $3 and state = 'due';
