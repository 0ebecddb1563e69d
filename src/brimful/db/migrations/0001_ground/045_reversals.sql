-- A refund of a charge: made here by its seller, or elsewhere and learnt of from the gateway (R25).
create table refund (
    tenant_id uuid not null,
    refund_id uuid not null,
    purchase_id uuid not null,
    charge_id uuid not null,
    account_id uuid not null,
    -- The line whose credits it pays back; none: a part of all that was charged.
    line int,
    amount_minor bigint not null check (amount_minor >= 1),
    currency text not null,
    origin text not null check (origin in ('here', 'elsewhere')),
    -- Requested: the intent is committed, and the gateway may not have heard of it. What it will take back is frozen until
    -- the gateway says that the money has gone back, and goes back to the seller then.
    state text not null check (state in ('requested', 'refused', 'pending', 'succeeded', 'canceled', 'failed')),
    gateway_refund text,
    -- What the gateway said when it refused.
    code text,
    requested_at timestamptz not null,
    requested_real_at timestamptz not null,
    ended_at timestamptz,
    -- When it is to be sent, or looked at, again; and until when one process does so.
    wake_real_at timestamptz,
    lease_until timestamptz not null default '-infinity',
    tries int not null default 0,
    primary key (tenant_id, refund_id)
);
create unique index refund_once on refund (tenant_id, charge_id, gateway_refund) where gateway_refund is not null;
create index refund_of_purchase on refund (tenant_id, purchase_id);
create index refund_of_account on refund (tenant_id, account_id, refund_id);
create index refund_due on refund (wake_real_at) where wake_real_at is not null;

-- A dispute of a charge, as the gateway tells it. Won is the last word, however late (R25).
create table dispute (
    tenant_id uuid not null,
    dispute_id uuid not null,
    purchase_id uuid not null,
    charge_id uuid not null,
    account_id uuid not null,
    gateway_dispute text not null,
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    state text not null check (state in ('inquiry', 'open', 'lost', 'won')),
    opened_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, dispute_id)
);
create unique index dispute_once on dispute (tenant_id, charge_id, gateway_dispute);
create index dispute_of_purchase on dispute (tenant_id, purchase_id);
create index dispute_of_account on dispute (tenant_id, account_id, dispute_id);

-- What refunds and disputes took back of the credits of one line, and what they could not: a debt of the buyer to its
-- seller (R25). It is reduced when the money comes back, and cleared by the seller; nothing collects it by itself.
create table reversal (
    tenant_id uuid not null,
    purchase_id uuid not null,
    line int not null,
    debt_id uuid not null,
    account_id uuid not null,
    seller_id uuid not null,
    lot_id uuid not null,
    -- Given back to the seller by refunds and lost disputes, and set aside by pending refunds and open disputes.
    taken bigint not null default 0 check (taken >= 0),
    frozen bigint not null default 0 check (frozen >= 0),
    -- Since when its credits are away so, in the mean: what comes back has so much longer before it ends.
    away_since timestamptz,
    -- Used, sold or reserved before they could be taken, or frozen; taken, or frozen, once they are free.
    missing bigint not null default 0 check (missing >= 0),
    unfrozen bigint not null default 0 check (unfrozen >= 0),
    -- Due back to the buyer and not there at the seller, from whose next free stock they come.
    owed bigint not null default 0 check (owed >= 0),
    -- Of what is missing, what the seller has let go, and by whose word.
    cleared bigint not null default 0 check (cleared >= 0),
    cleared_by text,
    cleared_at timestamptz,
    changed_at timestamptz not null,
    primary key (tenant_id, purchase_id, line)
);
create unique index reversal_debt on reversal (tenant_id, debt_id);
create index debt_open on reversal (tenant_id, seller_id, debt_id) where missing > 0;
create index debt_of_account on reversal (tenant_id, account_id, debt_id) where missing > 0;
create index reversal_owed on reversal (tenant_id, seller_id) where owed > 0;
create index reversal_lacking on reversal (tenant_id, lot_id) where missing > cleared or unfrozen > 0;
create view lacking_reversal as select * from reversal where missing > cleared or unfrozen > 0;
