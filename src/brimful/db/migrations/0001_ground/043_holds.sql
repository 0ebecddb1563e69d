-- Credits set aside before the work is done (R39): a spend with another ending, under the same id. What it stands for is
-- among what the balance holds; the lots that it was taken from cannot lapse meanwhile.
create table credit_hold (
    tenant_id uuid not null,
    hold_id uuid not null,
    account_id uuid not null,
    -- A client spends it by itself: what it has not reported at the end is charged, not given back.
    leased boolean not null,
    -- Of a lease: whoever took it was told, or has reported. Nobody has spent of one that nobody was told of.
    told boolean not null default false,
    credits bigint not null check (credits >= 1),
    -- Of them, what is still set aside; and what was charged in all, which may be more than they were.
    held bigint not null check (held >= 0 and held <= credits),
    captured bigint not null default 0 check (captured >= 0),
    state text not null default 'standing' check (state in ('standing', 'captured', 'released', 'expired')),
    -- What was free when it ended, below zero when overdrawn.
    balance_after bigint,
    placed_at timestamptz not null,
    ended_at timestamptz,
    -- Waits and time-outs run on real time (R38).
    placed_real_at timestamptz not null,
    ends_real_at timestamptz not null,
    primary key (tenant_id, hold_id),
    check (state = 'standing' or held = 0)
) with (fillfactor = 70);
create index credit_hold_of_account on credit_hold (tenant_id, account_id, hold_id);
create index credit_hold_standing on credit_hold (tenant_id, account_id) where state = 'standing';
create index credit_hold_to_end on credit_hold (ends_real_at) where state = 'standing';

-- The lots that a hold pins.
create table credit_hold_lot (
    tenant_id uuid not null,
    hold_id uuid not null,
    lot_id uuid not null,
    credits bigint not null check (credits >= 1),
    primary key (tenant_id, hold_id, lot_id),
    foreign key (tenant_id, hold_id) references credit_hold
);
