-- Small tables read everywhere and written rarely: on a distributed database they are reference tables.

-- The platform: root of every tree, without limit. There is one.
create table platform (
    platform_id uuid primary key,
    name text not null,
    currency text not null,
    owner_email text not null,
    zone text not null default 'UTC',
    only_one boolean not null default true unique check (only_one),
    created_at timestamptz not null
);

-- Which tenant an account lives in, so that a request that names only an account finds its way.
create table account_route (
    account_id uuid primary key,
    tenant_id uuid not null,
    -- An agency's id at the platform: unique among all tenants, so it is kept where all are seen.
    agency_external_id text unique
);

-- One row per seller; its version moves with every change of what the seller offers, and whoever
-- plans a purchase reads it under a share lock, so that no plan uses a withdrawn package.
create table catalogue (
    seller_ref uuid primary key,
    version bigint not null default 0
);

create table package (
    package_id uuid primary key,
    seller_ref uuid not null references catalogue,
    kind text not null check (kind in ('subscription', 'extra_chatbots', 'additional_credits')),
    position bigint not null,
    version int not null,
    withdrawn_at timestamptz,
    created_at timestamptz not null
);
create index package_of_seller on package (seller_ref, position) where withdrawn_at is null;

-- Versions are never changed: a purchase names the one it was made on.
create table package_version (
    package_id uuid not null references package,
    version int not null,
    name text not null,
    currency text not null,
    price_minor bigint not null check (price_minor >= 1),
    credits bigint not null default 0 check (credits >= 0),
    chatbots bigint not null default 0 check (chatbots >= 0),
    billing_interval text check (billing_interval in ('month', 'quarter', 'year')),
    expires_after_days int check (expires_after_days >= 1),
    full_price_first boolean not null default false,
    -- Of a subscription: its credits lapse a month later than those of others (R36).
    rolls_over boolean not null default false,
    credits_price_minor bigint not null default 0,
    chatbots_price_minor bigint not null default 0,
    created_at timestamptz not null,
    primary key (package_id, version),
    check (credits_price_minor + chatbots_price_minor = price_minor)
);

-- Credits per reply, by model, as each seller sells them.
create table rate (
    seller_ref uuid not null,
    model text not null,
    credits bigint not null check (credits >= 1),
    version int not null default 1,
    changed_at timestamptz not null,
    primary key (seller_ref, model)
);

-- Keys are never stored: a prefix to recognise one by, and a hash to check it.
create table api_key (
    key_id uuid primary key,
    prefix text not null,
    secret_hash bytea not null unique,
    account_id uuid not null,
    tenant_id uuid,
    read_only boolean not null default false,
    label text not null default '',
    -- The accounts with whose keys it was issued, and theirs were: it stands for as long as all of these are above (R40).
    vouched_by uuid[] not null default '{}',
    created_at timestamptz not null,
    revoked_at timestamptz
);
create index api_key_of_account on api_key (account_id);
