-- Signed webhooks out (R42). Endpoints are asked for at every notice and written rarely; those of the platform have no
-- tenant, as its keys have none.
create table webhook_endpoint (
    endpoint_id uuid primary key,
    tenant_id uuid,
    account_id uuid not null,
    url text not null,
    -- None for every kind of notice.
    kinds text[],
    -- Not only the account's own notices, but those of all accounts below it.
    subtree boolean not null default false,
    -- What it is signed with: two at once for a while after a rotation.
    secret text not null,
    secret_before text,
    secret_before_until timestamptz,
    -- The accounts with whose keys it was opened, changed or given a secret, as of a key (api_key).
    vouched_by uuid[] not null default '{}',
    created_at timestamptz not null,
    disabled_at timestamptz,
    disabled_because text check (disabled_because in ('owner', 'gone')),
    deleted_at timestamptz,
    -- Taken until then by a process that sends to it, or at rest after a failure; waiting since then. How many failures in
    -- a row.
    busy_until timestamptz not null,
    failures int not null default 0,
    -- When its owner was told that something was given up, until something arrives again.
    told_at timestamptz,
    check ((disabled_at is null) = (disabled_because is null)),
    check (deleted_at is null or disabled_at is not null)
);
create unique index webhook_endpoint_url on webhook_endpoint (account_id, url) where deleted_at is null;

-- What is to arrive at an endpoint: a notice, once, or a test (of the platform's endpoint in its own place). No foreign
-- key: an endpoint that is deleted meanwhile must not fail whoever promises a notice.
create table webhook_delivery (
    tenant_id uuid not null,
    delivery_id uuid not null,
    endpoint_id uuid not null,
    -- The account that the endpoint is of.
    owner_id uuid not null,
    notice_id uuid not null,
    kind text not null,
    state text not null default 'due' check (state in ('due', 'sent', 'dead')),
    due_real_at timestamptz not null,
    tries int not null default 0,
    last_status int,
    last_error text,
    created_at timestamptz not null,
    done_real_at timestamptz,
    primary key (tenant_id, delivery_id),
    unique (tenant_id, endpoint_id, notice_id)
);
create index webhook_delivery_due on webhook_delivery (endpoint_id, due_real_at) where state = 'due';
create index webhook_delivery_of_owner on webhook_delivery (owner_id, delivery_id);
