create table account (
    tenant_id uuid not null,
    account_id uuid not null,
    -- Only the supply has no parent: it is the platform's own place inside this tenant.
    parent_id uuid,
    supply boolean not null default false,
    seller_ref uuid not null,
    ancestors uuid[] not null,
    sells boolean not null,
    name text not null,
    external_id text,
    currency text not null,
    zone text not null default 'UTC',
    owner_name text not null default '',
    owner_email text not null default '',
    merchant_ref text not null,
    state text not null default 'open' check (state in ('open', 'closed')),
    created_at timestamptz not null,
    -- Closed for new commands since, and, once nothing of it was under way any more, emptied (R46).
    closed_at timestamptz,
    emptied_at timestamptz,
    -- To which seller it moves, from when on, and by whose word (R46).
    moves_to uuid,
    moves_at timestamptz,
    moves_by text,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, parent_id) references account,
    foreign key (tenant_id, moves_to) references account,
    check (supply = (parent_id is null)),
    check ((moves_to is null) = (moves_at is null) and (moves_to is null) = (moves_by is null))
);
-- Of those that have one: offered to who looks for an account by its id, it was once preferred to the key while all was empty,
-- and reads all of a tenant for that.
create index account_of_parent on account (tenant_id, parent_id, account_id) where parent_id is not null;
-- A gateway's event names an account there, and no tenant.
create index account_of_merchant on account (merchant_ref);
create index account_to_empty on account (closed_at) where state = 'closed' and emptied_at is null;
create index account_to_move on account (moves_at) where moves_to is not null;
create unique index account_external on account (tenant_id, parent_id, external_id) where external_id is not null;

-- The row that whoever changes several things of one pool locks first, pools in order of their ids.
create table pool (
    tenant_id uuid not null,
    account_id uuid not null,
    demand_seq bigint not null default 0,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account
);

create table auto_billing_setting (
    tenant_id uuid not null,
    account_id uuid not null,
    enabled boolean not null default false,
    per_charge_minor bigint check (per_charge_minor >= 1),
    per_hour_count int check (per_hour_count >= 1),
    per_day_minor bigint check (per_day_minor >= 1),
    per_month_minor bigint check (per_month_minor >= 1),
    strategy text not null default 'best_cover' check (strategy in ('best_cover', 'single_pack')),
    allowed_packages uuid[],
    buys_chatbots boolean not null default false,
    -- Chatbots that auto-billing subscribed and nobody needs any more are released at period end (R31).
    release_chatbots boolean not null default false,
    -- From so many automatic charges a day on, at so many times the usual, it asks its owner (R30); none: never.
    brake_charges int not null default 3 check (brake_charges >= 1),
    brake_factor int default 10 check (brake_factor >= 1),
    -- Since when it is inactive, as its owner was told; none while it is not.
    inactive_at timestamptz,
    changed_at timestamptz not null,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account
);

-- What one child may make its seller pay in a month (R28).
create table child_limit (
    tenant_id uuid not null,
    account_id uuid not null,
    child_id uuid not null,
    per_month_minor bigint not null check (per_month_minor >= 0),
    primary key (tenant_id, account_id, child_id)
);

-- Who switched what on or off, when, and the terms they were shown (R27, R33). Only ever added to.
create table consent (
    tenant_id uuid not null,
    consent_id uuid not null,
    account_id uuid not null,
    what text not null default 'auto_billing' check (what in ('auto_billing', 'threshold', 'forecast')),
    enabled boolean not null,
    -- What was agreed to beside the terms: the figures of buying ahead.
    figures jsonb not null default '{}',
    given_by text not null,
    terms text not null,
    monthly_limit text not null,
    at timestamptz not null,
    primary key (tenant_id, consent_id)
);

create table payment_method (
    tenant_id uuid not null,
    method_id uuid not null,
    account_id uuid not null,
    gateway text not null,
    gateway_account text not null,
    gateway_customer text not null,
    gateway_method text not null,
    fingerprint text not null,
    brand text not null,
    last4 text not null,
    exp_month int not null,
    exp_year int not null,
    off_session boolean not null default true,
    -- The backup is tried while the primary may not be (R29).
    role text not null default 'primary' check (role in ('primary', 'backup')),
    created_at timestamptz not null,
    removed_at timestamptz,
    -- Removed here, it is removed at the gateway as soon as that answers.
    detached_at timestamptz,
    detach_real_at timestamptz,
    -- When the gateway was last asked, in real time, what has become of it: an older answer changes nothing.
    read_real_at timestamptz,
    primary key (tenant_id, method_id)
);
-- Routes a gateway's id of a card to the tenant and the card: an event names only the gateway's ids.
create table payment_method_route (
    gateway text not null,
    gateway_method text not null,
    tenant_id uuid not null,
    method_id uuid not null,
    primary key (gateway, gateway_method)
);
create index payment_method_to_detach on payment_method (detach_real_at) where removed_at is not null and detached_at is null;
create index payment_method_by_card on payment_method (tenant_id, gateway_account, fingerprint) where removed_at is null;
create unique index payment_method_in_use on payment_method (tenant_id, account_id) where removed_at is null and role = 'primary';
create index payment_method_of_account on payment_method (tenant_id, account_id) where removed_at is null;

-- The breaker (R29): what a card did lately, wherever in the tenant it is on file.
create table breaker (
    tenant_id uuid not null,
    gateway_account text not null,
    fingerprint text not null,
    soft_declines int not null default 0,
    first_declined_at timestamptz,
    retry_at timestamptz,
    paused_reason text,
    paused_at timestamptz,
    -- Attempts in vain count from here on: a purchase by hand succeeded.
    counts_from timestamptz,
    primary key (tenant_id, gateway_account, fingerprint)
);
