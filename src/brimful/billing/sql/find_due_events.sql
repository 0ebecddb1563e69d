select event_id from gateway_event
where gateway = $1 and state = 'due' and due_real_at <= $2
order by due_real_at
limit $3;
