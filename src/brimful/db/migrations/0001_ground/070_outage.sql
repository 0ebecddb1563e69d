-- A gateway account that gives no answer (R29): from when on a shortage may try it again. A row is kept after its end,
-- so that an outage with a short break in it is told once.
create table gateway_outage (
    tenant_id uuid not null,
    gateway_account text not null,
    since_at timestamptz not null,
    tries int not null check (tries >= 1),
    noted_at timestamptz not null,
    until_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, gateway_account)
);
