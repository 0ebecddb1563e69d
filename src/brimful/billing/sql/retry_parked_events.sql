with again as (
    update gateway_event set state = 'due', failures = 0, due_real_at = $1 where state = 'parked' returning 1
)
select count(*) from again;
