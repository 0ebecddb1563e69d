-- Credits bought before they are missing (R33): what the owner of a selling account agreed to, each with its own
-- consent, and when the account is looked at next.
create table buy_ahead (
    tenant_id uuid not null,
    account_id uuid not null,
    threshold_credits bigint check (threshold_credits >= 1),
    target_credits bigint,
    forecast boolean not null default false,
    renewals boolean not null default false,
    -- When the forecast is made next; and, after a purchase that could not be begun, from when on another may be.
    look_at timestamptz not null,
    retry_at timestamptz not null default '-infinity',
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account,
    check ((threshold_credits is null) = (target_credits is null)),
    check (target_credits >= threshold_credits),
    check (forecast or not renewals)
);
create index buy_ahead_on on buy_ahead (look_at) where forecast or threshold_credits is not null;

-- What an account's own queries used, by hour for four weeks and by minute for the last hour: sums of its entries up
-- to the one marked, kept so that a forecast reads hundreds of rows and not a month of entries.
create table usage_mark (
    tenant_id uuid not null,
    account_id uuid not null,
    seq bigint not null,
    carried_at timestamptz not null,
    primary key (tenant_id, account_id)
);
create index usage_mark_recent on usage_mark (carried_at);

create table usage_sum (
    tenant_id uuid not null,
    account_id uuid not null,
    grain text not null check (grain in ('hour', 'minute')),
    starts_at timestamptz not null,
    credits bigint not null check (credits >= 1),
    largest bigint not null check (largest >= 1),
    primary key (tenant_id, account_id, grain, starts_at)
);

-- How far beyond its pool a seller lets a buyer spend, so that a conversation may finish (R33); and, after a purchase to
-- repay it that could not be begun, from when on another may be. Zero for no longer.
create table overdraft (
    tenant_id uuid not null,
    account_id uuid not null,
    limit_credits bigint not null check (limit_credits >= 0),
    retry_at timestamptz not null default '-infinity',
    changed_at timestamptz not null,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account
);

-- What a seller's buyers will be due, by when.
create index subscription_of_seller on subscription (tenant_id, seller_id, due_at) where state <> 'ended';

-- Scans that one process makes for all, and when each is due again.
create table turn (
    name text primary key,
    due_at timestamptz not null
);
