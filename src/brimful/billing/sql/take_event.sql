-- Taken by moving its time on: whoever dies with it leaves it due again.
update gateway_event set tries = tries + 1, due_real_at = $4
where gateway = $1 and event_id = $2 and state = 'due' and due_real_at <= $3
returning kind, mode, account_ref, payment_id, amount_minor, currency, page_id, method_id, received_real_at, tries,
    failures;
