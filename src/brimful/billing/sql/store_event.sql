-- Once, however often it comes: whoever comes second learns that it is there.
insert into gateway_event (gateway, event_id, kind, mode, account_ref, payment_id, amount_minor, currency, created_at,
    received_real_at, due_real_at, page_id, method_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12)
on conflict (gateway, event_id) do nothing
returning true;
