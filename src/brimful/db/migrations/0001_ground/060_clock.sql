-- The test clock (R38): one row where there is one, none in production. Business time stands at frozen_at until it is
-- advanced; while target_at is set it is on its way there, moved by whoever holds the lease (in real time, with a
-- token that a late holder no longer has).
create table test_clock (
    only_one boolean primary key default true check (only_one),
    frozen_at timestamptz not null,
    target_at timestamptz check (target_at >= frozen_at),
    lease_until timestamptz not null default '-infinity',
    fence bigint not null default 0
);
