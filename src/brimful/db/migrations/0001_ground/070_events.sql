-- What a gateway told us, stored before it is answered and handled afterwards (R45). It comes before anybody knows of
-- which tenant it is. What it says are hints; only a fresh reading of the payment is ever recorded.
create table gateway_event (
    gateway text not null,
    event_id text not null,
    kind text not null,
    mode text not null,
    account_ref text not null,
    payment_id text,
    amount_minor bigint,
    currency text,
    -- The hosted page that was completed, of an event about one.
    page_id text,
    -- The gateway's id of the saved card that changed, of an event about one.
    method_id text,
    created_at timestamptz not null,
    received_real_at timestamptz not null,
    state text not null default 'due' check (state in ('due', 'handled', 'refused', 'parked')),
    -- What became of it; none while it is due or parked.
    verdict text,
    -- When it is to be handled; moved on by whoever takes it, so that one who dies leaves it due again.
    due_real_at timestamptz not null,
    -- How often it was taken: the token of whoever took it last.
    tries int not null default 0,
    -- How often handling it went wrong. Too often, and it is parked for a person.
    failures int not null default 0,
    last_error text,
    handled_real_at timestamptz,
    primary key (gateway, event_id),
    check ((state in ('handled', 'refused')) = (verdict is not null))
);
create index gateway_event_due on gateway_event (due_real_at) where state = 'due';
create index gateway_event_parked on gateway_event (received_real_at) where state = 'parked';
