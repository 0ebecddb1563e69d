-- A charge whose bank wants the owner present (R29): the one-time link to it, as a hash, and the charge that the owner
-- makes by it. It can be opened until that charge is delivered, or its time is over.
create table authentication (
    tenant_id uuid not null,
    authentication_id uuid not null,
    account_id uuid not null,
    -- The purchase whose charge was cancelled because its bank asked.
    failed_id uuid not null,
    token_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- The purchase made with the owner present, and where the owner confirms it.
    purchase_id uuid,
    action_url text,
    -- Where the owner is led on to after the bank, if whoever opened the link said so.
    return_url text,
    primary key (tenant_id, authentication_id)
);
create unique index authentication_token on authentication (tenant_id, token_hash);
create index authentication_of_account on authentication (tenant_id, account_id, authentication_id);
create index authentication_purchase on authentication (tenant_id, purchase_id) where purchase_id is not null;
