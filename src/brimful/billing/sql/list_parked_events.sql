select gateway, event_id, kind, account_ref, payment_id, received_real_at, failures, last_error from gateway_event
where state = 'parked'
order by received_real_at, event_id
limit $1;
