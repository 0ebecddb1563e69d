-- Pages of the gateway on which an account's owner saves a card: nobody else's card comes to the account by one, and who
-- asked for it is kept with it (R27).
create table card_page (
    tenant_id uuid not null,
    account_id uuid not null,
    page_id text not null,
    -- Where the page was made, and for whom: it is read there, whoever says that it is completed.
    gateway text not null,
    gateway_account text not null,
    gateway_customer text not null,
    role text not null check (role in ('primary', 'backup')),
    given_by text not null,
    at timestamptz not null,
    -- The card that was saved by it, once; a page brings no second one.
    method_id uuid,
    primary key (tenant_id, account_id, page_id)
);
-- Routes a page's id at the gateway to the tenant and account: an event names only the gateway's ids.
create table card_page_route (
    gateway text not null,
    page_id text not null,
    tenant_id uuid not null,
    account_id uuid not null,
    primary key (gateway, page_id)
);
