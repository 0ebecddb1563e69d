-- Auto-billing that stopped itself (R30), and since when its owner lets it go on: a day's charges count from there.
create table brake (
    tenant_id uuid not null,
    account_id uuid not null,
    cause text not null check (cause in ('pace', 'not_cured')),
    at timestamptz not null,
    cleared_at timestamptz,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account
);
