-- Pages of the gateway on which an account's owner saves a card: nobody else's card comes to the account by one, and who
-- asked for it is kept with it (R27).
create table card_page (
    tenant_id uuid not null,
    account_id uuid not null,
    page_id text not null,
    gateway_customer text not null,
    given_by text not null,
    at timestamptz not null,
    primary key (tenant_id, account_id, page_id)
);
