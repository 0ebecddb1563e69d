-- Later after each failure, and after $6 of them not again until a person says so.
update gateway_event set failures = failures + 1, last_error = $4, due_real_at = $5,
    state = case when failures + 1 >= $6 then 'parked' else 'due' end
where gateway = $1 and event_id = $2 and tries = $3 and state = 'due';
