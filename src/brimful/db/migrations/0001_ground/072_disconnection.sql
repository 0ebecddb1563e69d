-- A seller's gateway account that is closed to the platform (R10): a row while it is so. Written where the gateway says
-- so, with the pool of the seller locked; it goes when the gateway, asked later, answers for the account again.
create table gateway_disconnection (
    tenant_id uuid not null,
    account_id uuid not null,
    since_at timestamptz not null,
    -- When the gateway last said so, in real time: only what it was asked later tells of the end.
    noted_real_at timestamptz not null,
    -- When it is asked again, moved on by whoever asks, and how often it was asked.
    ask_real_at timestamptz not null,
    tries int not null default 0 check (tries >= 0),
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account
);
create index gateway_disconnection_due on gateway_disconnection (ask_real_at);
