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
    -- Each day, for what is told ahead of time (R33). Nothing is used while time is advanced, so that a forecast has
    -- nothing new to see in between.
    union all
    select date_trunc('day', $1::timestamptz, 'UTC') + interval '1 day' from turn
) as every_kind;
