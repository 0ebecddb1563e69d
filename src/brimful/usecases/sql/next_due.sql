-- The first instant after $1 at which business time makes something due; a line for each kind of work that waits for
-- it. A card's retry_at is none: it is a gate that nothing passes by itself (R20), and what waits for it wakes then.
select min(due_at) from (
    -- Renewals, their months, and their retries (R34, R35).
    select min(wake_at) as due_at from subscription where state <> 'ended' and wake_at > $1
    -- Past due for so long ($2) that it is suspended (R35).
    union all
    select min(past_due_since + $2::interval) from subscription
    where state = 'past_due' and past_due_since + $2::interval > $1
    -- Accounts that move to another seller (R46).
    union all
    select min(moves_at) from account where moves_at > $1
    -- Credits that lapse (R36).
    union all
    select min(expires_at) from lot where free > 0 and expires_at > $1
    -- What is told so long ahead: of renewals ($3), and of cards that expire with their month ($4) (R33, R42).
    union all
    select min(due_at - $3::interval) from subscription where state <> 'ended' and due_at - $3::interval > $1
    union all
    select min(ends_at - $4::interval)
    from (
        select make_timestamptz(exp_year, exp_month, 1, 0, 0, 0, 'UTC') + interval '1 month' as ends_at
        from payment_method where removed_at is null
    ) card
    where ends_at - $4::interval > $1
) as every_kind;
