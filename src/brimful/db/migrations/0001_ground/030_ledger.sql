-- What an account has received is always somewhere: the check is R1 for one account, and the
-- transfers between accounts carry it over the whole tree.
create table balance (
    tenant_id uuid not null,
    account_id uuid not null,
    resource text not null check (resource in ('credits', 'chatbots')),
    issued bigint not null default 0 check (issued >= 0),
    received bigint not null default 0 check (received >= 0),
    free bigint not null default 0 check (free >= 0),
    reserved bigint not null default 0 check (reserved >= 0),
    held bigint not null default 0 check (held >= 0),
    used bigint not null default 0 check (used >= 0),
    sold bigint not null default 0 check (sold >= 0),
    lapsed bigint not null default 0 check (lapsed >= 0),
    clawed_back bigint not null default 0 check (clawed_back >= 0),
    -- Used beyond what was there, within what the seller allows, and owed to the next delivery (R2, R33).
    overdrawn bigint not null default 0 check (overdrawn >= 0),
    -- Spent, but not yet taken from a named lot: settled before anything else touches the lots.
    unsettled bigint not null default 0 check (unsettled >= 0),
    next_expiry_at timestamptz,
    seq bigint not null default 0,
    primary key (tenant_id, account_id, resource),
    foreign key (tenant_id, account_id) references account,
    check (overdrawn = 0 or resource = 'credits'),
    check (issued + received + overdrawn = free + reserved + held + used + sold + lapsed + clawed_back)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
create index balance_overdrawn on balance (tenant_id, account_id) where overdrawn > 0;

create index balance_to_lapse on balance (next_expiry_at) where next_expiry_at is not null;

-- Every movement inside an account, from one state of its stock to another, with what was free after it.
create table entry (
    tenant_id uuid not null,
    account_id uuid not null,
    resource text not null,
    seq bigint not null,
    at timestamptz not null,
    kind text not null,
    source text not null,
    target text not null,
    amount bigint not null check (amount >= 1),
    free_after bigint not null,
    operation_id uuid not null,
    primary key (tenant_id, account_id, resource, seq, at)
) partition by range (at);
create table entry_default partition of entry default;

create table lot (
    tenant_id uuid not null,
    lot_id uuid not null,
    account_id uuid not null,
    terms text not null check (terms in ('plan', 'additional')),
    transfer_id uuid not null,
    amount bigint not null check (amount >= 1),
    free bigint not null check (free >= 0),
    pinned bigint not null default 0 check (pinned >= 0),
    -- Set aside while the money that they were bought with may go back (R25); counted among what is held.
    frozen bigint not null default 0 check (frozen >= 0),
    lapsed bigint not null default 0 check (lapsed >= 0),
    -- Once its account is closed: what had lapsed in its time before. The rest lapsed with the account: it was not used, and
    -- is not missing when its money goes back (R25, R46).
    lapsed_before bigint check (lapsed_before between 0 and lapsed),
    -- Given back to whoever sold it.
    returned bigint not null default 0 check (returned >= 0),
    cost_minor bigint not null check (cost_minor >= 0),
    currency text not null,
    expires_at timestamptz,
    opened_at timestamptz not null,
    primary key (tenant_id, lot_id),
    check (free + pinned + frozen + lapsed + returned <= amount)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
create index lot_to_consume on lot (tenant_id, account_id, expires_at nulls last, lot_id) where free > 0;
create index lot_of_account on lot (tenant_id, account_id, lot_id);

create table transfer (
    tenant_id uuid not null,
    transfer_id uuid not null,
    resource text not null,
    seller_id uuid not null,
    buyer_id uuid not null,
    amount bigint not null check (amount >= 1),
    operation_id uuid not null,
    kind text not null check (kind in ('purchase', 'allotment', 'return', 'restore')),
    -- Of credits that are returned, or restored after that: the transfer by which they had come.
    returns uuid,
    at timestamptz not null,
    primary key (tenant_id, transfer_id)
);
create index transfer_of_operation on transfer (tenant_id, operation_id);
create index transfer_returned on transfer (tenant_id, returns) where returns is not null;

-- Which of the seller's lots a transfer consumed, or a return gave back to (R3): what margins and refunds are
-- computed from.
create table transfer_lot (
    tenant_id uuid not null,
    transfer_id uuid not null,
    lot_id uuid not null,
    credits bigint not null check (credits >= 1),
    primary key (tenant_id, transfer_id, lot_id)
);

create table demand (
    tenant_id uuid not null,
    demand_id uuid not null,
    account_id uuid not null,
    seq bigint not null,
    kind text not null check (kind in ('spend', 'purchase', 'chatbot')),
    operation_id uuid not null,
    child_id uuid,
    credits bigint not null default 0 check (credits >= 0),
    chatbots bigint not null default 0 check (chatbots >= 0),
    reserved_credits bigint not null default 0 check (reserved_credits >= 0 and reserved_credits <= credits),
    reserved_chatbots bigint not null default 0 check (reserved_chatbots >= 0 and reserved_chatbots <= chatbots),
    state text not null check (state in ('waiting', 'met', 'consumed', 'failed', 'abandoned')),
    reason text,
    created_at timestamptz not null,
    -- Leases, waits and time-outs run on real time; business dates on the clock that is passed in.
    registered_real_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, demand_id),
    unique (tenant_id, account_id, seq),
    check (state <> 'met' or (reserved_credits = credits and reserved_chatbots = chatbots)),
    check (state in ('waiting', 'met') or (reserved_credits = 0 and reserved_chatbots = 0))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
create index demand_waiting on demand (tenant_id, account_id, seq) where state = 'waiting';
create index demand_of_operation on demand (tenant_id, operation_id);
create index demand_open on demand (tenant_id, registered_real_at) where state in ('waiting', 'met');

-- The lots that a demand's reservation pins.
create table reservation (
    tenant_id uuid not null,
    demand_id uuid not null,
    lot_id uuid not null,
    credits bigint not null check (credits >= 1),
    primary key (tenant_id, demand_id, lot_id),
    foreign key (tenant_id, demand_id) references demand
);
